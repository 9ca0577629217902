package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// startRuns is how often each start is measured.
const startRuns = 5

// starts measures the time from exec to the first answer.
func (l *lab) starts(ctx context.Context) error {
	var fresh, again samples
	for n := range startRuns {
		data := filepath.Join(l.folder, fmt.Sprintf("start%d", n))
		for _, s := range []*samples{&fresh, &again} {
			begin := time.Now()
			server, err := serve(ctx, l.executable, data)
			if err != nil {
				return err
			}
			*s = append(*s, time.Since(begin))
			if err := server.stop(); err != nil {
				return err
			}
		}
	}
	l.table.add(fmt.Sprintf("`serve` to first answer, new data directory (median of %d)", startRuns), milliseconds(fresh.percentile(50)))
	l.table.add(fmt.Sprintf("`serve` to first answer, existing data directory (median of %d)", startRuns), milliseconds(again.percentile(50)))
	return nil
}
