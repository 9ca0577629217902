package live

import (
	"slices"

	"lyceum/app"
)

// compactedAtOnce is how many entries are copied while commits wait: a millisecond
// of work.
const compactedAtOnce = 128

// Compact copies the rows that the log holds. After a crowd has left they lie one by
// one on pages of memory that are empty otherwise; the copies lie side by side, and
// the pages can go back to the machine.
func (l *Log) Compact() {
	l.mu.Lock()
	entries := slices.Clone(l.entries)
	l.mu.Unlock()
	for some := range slices.Chunk(entries, compactedAtOnce) {
		l.mu.Lock()
		for _, e := range some { // one that the log has dropped meanwhile harms nobody
			e.change.Old, e.change.New = app.Clone(e.change.Old), app.Clone(e.change.New)
		}
		l.mu.Unlock()
	}
}
