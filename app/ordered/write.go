package ordered

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"lyceum/app"
)

var errID = errors.New("an id is UTF-8 and not empty")

// CheckWrite reports whether every store can keep what w writes.
func CheckWrite(w app.Write) error {
	if w.ID == "" || !utf8.ValidString(w.ID) {
		return fmt.Errorf("write %s/%q: %w", w.Table, w.ID, errID)
	}
	if w.Row == nil {
		return nil
	}
	if err := Check(w.Row); err != nil {
		return fmt.Errorf("write %s/%s: %w", w.Table, w.ID, err)
	}
	return nil
}

// Holds reports whether the condition of a write holds where the row is at
// revision rev, 0 if there is none. A row of an append-only table may be deleted
// and not be replaced.
func Holds(w app.Write, rev int64, appendOnly bool) bool {
	if appendOnly && rev != 0 && w.Row != nil {
		return false
	}
	return w.IfRev == app.AnyRev || w.IfRev == rev
}
