package sqlitestore

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"
)

const (
	// pageSize is SQLite's default in bytes; only used to estimate.
	pageSize = 4096
	// checkpointAfter is after how many pages of log they are copied into the
	// database: 4 MiB, SQLite's own default.
	checkpointAfter = 1000
	// maxLog is from how many pages on readers are waited for, so that the log
	// can begin anew: 16 MiB. Without a moment in which nobody reads, it would
	// grow for ever.
	maxLog = 4096
	// truncateWait is how long writers then wait for readers. Nearly all reads
	// are shorter; behind a long one it is tried again at the next checkpoint.
	truncateWait = 100 * time.Millisecond
)

// reservedIndex is how large the index of the log (the file that ends in -shm) is
// made when the store is opened, so that it need not grow: it would grow after a
// commit is in the log, and if the disk is full just then nobody could say whether
// the commit counts. It has room for a log of 512 MiB, far above maxLog.
const reservedIndex = 1 << 20

// reserve lengthens the index of the log with zeros, as SQLite does piece by
// piece. The file stays open: to close it would give free the locks that SQLite
// has on it. Without room the store works all the same: an operator can make room.
func (s *Store) reserve() {
	var err error
	if s.logIndex, err = os.OpenFile(s.path+"-shm", os.O_RDWR, 0); err == nil {
		var info os.FileInfo
		if info, err = s.logIndex.Stat(); err == nil && info.Size() < reservedIndex {
			_, err = s.logIndex.WriteAt(make([]byte, reservedIndex-info.Size()), info.Size())
		}
	}
	if err != nil {
		s.log.Warn("no room for the index of a long log; make room on the disk", "part", "store", "path", s.path, "err", err)
	}
}

// The two forms of a checkpoint that are used: passive waits for nobody,
// truncate for the readers that are under way, and empties the log.
const (
	passive  = "PASSIVE"
	truncate = "TRUNCATE"
)

func (s *Store) checkpointIfDue(ctx context.Context) {
	if s.walPages < checkpointAfter {
		return
	}
	s.walPages = 0
	if s.checkpoint(ctx, passive) <= maxLog {
		return
	}
	if err := s.waitAtMost(ctx, truncateWait); err != nil {
		s.log.Warn("log not emptied", "part", "store", "err", err)
		return
	}
	s.checkpoint(ctx, truncate)
	if err := s.waitAtMost(ctx, busyTimeout); err != nil {
		s.log.Warn("waiting time not restored", "part", "store", "err", err)
	}
}

// waitAtMost sets how long the writer waits for locks of others.
func (s *Store) waitAtMost(ctx context.Context, d time.Duration) error {
	_, err := s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()))
	return err
}

// checkpoint copies the log into the database and returns how many pages the log
// has. Without room it can be done later, since the log is still there. Any
// other error may have lost pages that the kernel believes to be written, so the
// process ends before the log is given up (S6).
func (s *Store) checkpoint(ctx context.Context, mode string) int {
	if s.broken.Load() != nil {
		return 0
	}
	var busy, pages, copied int
	err := s.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &copied)
	switch code := codeOf(err); {
	case err == nil:
		s.meter.LogHas(pages - copied)
		return pages
	case code == sqlite3.ErrBusy || code == sqlite3.ErrLocked:
		return 0
	case notWrittenForRoom(err):
		s.log.Warn("no room to copy the log into the database", "part", "store", "err", err)
	default:
		_ = s.fail(fmt.Errorf("checkpoint: %w", err)) // told to the hook; nobody waits for it here
	}
	return 0
}
