// Package durable writes small files that survive a loss of power.
//
// Once WriteFile has returned nil, a later start finds the new file, and before
// that the old one or the new one, never a part: the name is moved onto a file
// whose bytes are on disk, and then the folder is, which has the name (fsync(2)).
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// suffix is of the file that is written before it takes the name. It is the same
// each time, so that what a crash has left is overwritten by the next write.
const suffix = ".new"

// WriteFile puts data under a name that only the owner may read, in place of what
// was there. Two writes of the same name must not run at once. After an error the
// name has what it had, or, if it is the folder that could not be synced, data.
func WriteFile(name string, data []byte) error {
	tmp := name + suffix
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
