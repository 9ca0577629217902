package sqlitestore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// maxHolder is how much of a lock file is read: a process id and a line end.
const maxHolder = 32

// acquire creates the database's folder if need be and takes the lock beside the
// database. The kernel gives it free when the process ends, however it ends; the
// file itself stays, since removing it would let two processes lock two files of
// one name.
func acquire(path string) (*os.File, error) {
	lock, err := acquireLock(path)
	if err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// Lock takes the lock of a data directory that keeps its rows elsewhere: it is
// that of a database at path, which is not touched. The lock is held until the
// file is closed. Its errors are sentences for an operator.
func Lock(path string) (*os.File, error) {
	lock, err := acquireLock(path)
	if err != nil {
		return nil, explain(path, err)
	}
	return lock, nil
}

func acquireLock(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := hold(lock, filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// hold locks the file and writes into it who does.
func hold(lock *os.File, dir string) error {
	err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return inUse(dir, lock)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(lock, "%d\n", os.Getpid())
	return err
}

// create makes the database file if there is none, readable for its owner alone,
// which SQLite would not.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	return errors.Join(file.Close(), syncDir(dir), syncDir(filepath.Dir(dir)))
}

// inUse says who holds the lock.
func inUse(dir string, lock *os.File) error {
	holder, err := io.ReadAll(io.LimitReader(lock, maxHolder))
	if err != nil || len(holder) == 0 {
		holder = []byte("(unknown)")
	}
	return sentence{text: fmt.Sprintf("The data directory %s is in use by the process with the id %s. "+
		"Stop that server first, or give this one another data directory.", dir, strings.TrimSpace(string(holder)))}
}

// syncDir makes a new file or folder survive a power cut: the entry belongs to
// the folder, which has to be synced on its own.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return nil // a folder above ours, which we have not changed
		}
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
