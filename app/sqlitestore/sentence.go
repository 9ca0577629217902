package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"lyceum/app"
)

// sentence is an error that an operator reads as it stands.
type sentence struct {
	text string
	err  error // the cause, nil if there is no more to say
}

func (s sentence) Error() string {
	if s.err == nil {
		return s.text
	}
	return s.text + " (" + s.err.Error() + ")"
}

func (s sentence) Unwrap() error { return s.err }

var errDamaged = errors.New("the database is damaged")

// explain makes a sentence for the operator out of why the file could not be
// opened.
func explain(path string, err error) error {
	if _, ok := errors.AsType[sentence](err); ok {
		return err
	}
	dir := filepath.Dir(path)
	code := codeOf(err)
	switch {
	case damaged(err):
		return sentence{fmt.Sprintf("The database %s is damaged or is no database. Keep a copy of the file as it is, "+
			"then restore the latest backup, or save what can be read with: sqlite3 %[1]s .recover", path), err}
	case full(err):
		return sentence{fmt.Sprintf("The disk with the data directory %s is full. Make room and start again.", dir), err}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS),
		code == sqlite3.ErrReadonly, code == sqlite3.ErrCantOpen, code == sqlite3.ErrPerm:
		return sentence{fmt.Sprintf("The data directory %s cannot be written by the user with the id %d. "+
			"Make that user its owner, or give another data directory.", dir, os.Geteuid()), err}
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return sentence{fmt.Sprintf("The data directory %s is not a folder. Give another data directory.", dir), err}
	}
	return fmt.Errorf("open database %s: %w", path, err)
}

// judged passes an error of a read on. A page that is damaged ends the process:
// what else is damaged nobody knows, and nothing may be served by halves.
func (s *Store) judged(err error) error {
	if damaged(err) {
		s.condemn(err)
	}
	return err
}

func damaged(err error) bool {
	code := codeOf(err)
	return errors.Is(err, errDamaged) || code == sqlite3.ErrCorrupt || code == sqlite3.ErrNotADB
}

func codeOf(err error) sqlite3.ErrNo {
	e, _ := errors.AsType[sqlite3.Error](err)
	return e.Code
}

// full reports whether err says that there is no room. It means that nothing was
// changed only where no sync was under way, see commitFailed.
func full(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrFull ||
		e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT ||
		e.ExtendedCode == sqlite3.ErrIoErrSHMSize) // SQLite does not say why the file could not grow
}

// notWrittenForRoom reports whether a write, and not a sync, failed for want of
// room: what was to be written is then not there, and it can be tried again.
func notWrittenForRoom(err error) bool {
	e, _ := errors.AsType[sqlite3.Error](err)
	return e.Code == sqlite3.ErrFull || e.ExtendedCode == sqlite3.ErrIoErrWrite && e.SystemErrno == syscall.EDQUOT
}

// noRoom is what a person reads whose write found the disk full.
func noRoom(err error) error {
	return app.Explain(err, app.Unavailable, "The server's disk is full, so this was not saved. "+
		"Please tell its administrator, and try again when there is room.")
}
