package files

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// swapSort names files that are exchanged with a document. The name goes on with
// a key of the document's name, the hash of the content that is to be saved, and
// something random: so that after a crash it is known whether such a file is the
// content that never got into place, which its room still has, or what it
// displaced, which nobody has.
const swapSort = "swap"

// keyOf tells the left-overs of one name in a folder from those of others.
func keyOf(base string) string {
	sum := sha256.Sum256([]byte(base))
	return hex.EncodeToString(sum[:8])
}

func swapPrefix(base string) string { return reserved + swapSort + "-" + keyOf(base) + "-" }

// writing is one WriteDocument on its way.
type writing struct {
	folder *Folder
	shown  string
	dir    *os.File
	name   string // path of the document, links followed
	base   string
	swap   string // name beside it; of the new content, after the exchange of the old
	hash   [sha256.Size]byte
	expect Expect
}

// WriteDocument replaces a text file by data, so that a reader, a power cut or a
// crash between any two steps finds the old content or the new, and every content
// of somebody else is in the file, in a left-over, or returned:
//
//  1. the new content is written to an unfinished file and synced;
//  2. that gets the name of a swap file, which says whose it is;
//  3. both are exchanged by one call of the kernel; the folder is synced;
//  4. what was displaced is looked at: expected, it is removed; text, it stays
//     until Discard and is returned; anything else is exchanged back.
func (f *Folder) WriteDocument(ctx context.Context, shown string, data []byte, e Expect) (Written, error) {
	e.Max = cmp.Or(e.Max, MaxDocument)
	if err := checkText(shown, data, max(e.Max, MaxDocument)); err != nil {
		return Written{}, err
	}
	w, err := f.openWriting(shown, data, e)
	if err != nil {
		return Written{}, err
	}
	defer w.dir.Close()
	like, err := w.mayReplace()
	absent := errors.Is(err, fs.ErrNotExist)
	if absent && !e.Absent {
		return Written{}, app.Explain(err, app.NotFound, "%s does not exist any more, so it was not saved there. It can be created again, or its text copied.", quote(shown))
	}
	if err != nil && !absent {
		return Written{}, explain(err, shown)
	}
	if err := w.prepare(data, like); err != nil {
		return Written{}, explain(err, shown)
	}
	return w.put(ctx, absent)
}

// openWriting finds the folder and the name that are meant.
func (f *Folder) openWriting(shown string, data []byte, e Expect) (*writing, error) {
	name, err := existing(shown)
	if err != nil {
		return nil, err
	}
	if name, err = f.follow(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, explain(err, shown)
	}
	if e.Absent && errors.Is(err, fs.ErrNotExist) {
		if _, err := creatable(shown); err != nil {
			return nil, err
		}
		if err := f.root.MkdirAll(path.Dir(name), 0o777); err != nil {
			return nil, explain(err, shown)
		}
	}
	dir, err := f.openDir(path.Dir(name))
	if err != nil {
		return nil, explain(err, shown)
	}
	w := &writing{folder: f, shown: shown, dir: dir, name: name, base: path.Base(name), hash: sha256.Sum256(data), expect: e}
	w.swap = newName(swapSort + "-" + keyOf(w.base) + "-" + hex.EncodeToString(w.hash[:]))
	return w, nil
}

// mayReplace looks at what is there. A file that may not be written is not
// replaced either, although a rename could.
func (w *writing) mayReplace() (*unix.Stat_t, error) {
	file, st, err := openAt(w.dir, w.base)
	if err != nil {
		return nil, err
	}
	if k := kindOf(st.Mode); file == nil || k != File {
		return nil, mustBeFile(w.shown, k)
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	if err := unix.Faccessat(int(w.dir.Fd()), w.base, unix.W_OK, unix.AT_EACCESS); err != nil {
		return nil, app.Explain(err, app.Denied, "%s is read-only, so it was not saved. Change that in a terminal (chmod u+w).", quote(w.shown))
	}
	return st, nil
}

// prepare writes the new content aside, with mode and owner of what is there
// (nil: those of a new file).
func (w *writing) prepare(data []byte, like *unix.Stat_t) (err error) {
	w.folder.step("write aside")
	file, part, finished, err := w.folder.part(w.dir)
	if err != nil {
		return err
	}
	defer finished()
	defer func() {
		if err != nil {
			_ = unix.Unlinkat(int(w.dir.Fd()), part, 0) // a listing removes it later
		}
	}()
	half := len(data) / 2
	_, err = file.Write(data[:half])
	w.folder.step("write the rest")
	if err == nil {
		_, err = file.Write(data[half:])
	}
	if like != nil && err == nil {
		// The owner goes where it may: a group that others may use stays theirs.
		if err := file.Chown(int(like.Uid), int(like.Gid)); err != nil && !errors.Is(err, unix.EPERM) {
			return errors.Join(err, file.Close())
		}
		err = file.Chmod(fs.FileMode(like.Mode & 0o777))
	}
	w.folder.step("sync")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	w.folder.step("name it")
	return renameTo(w.dir, part, w.dir, w.swap)
}

// put puts the swap file in place.
func (w *writing) put(ctx context.Context, absent bool) (Written, error) {
	w.folder.step("put in place")
	if absent {
		err := renameTo(w.dir, w.swap, w.dir, w.base)
		if err == nil {
			w.folder.step("sync the folder")
			return w.written(true, nil, w.dir.Sync())
		}
		if !errors.Is(err, unix.EEXIST) {
			return Written{}, explain(errors.Join(err, w.unlink()), w.shown)
		}
		// Somebody has made it meanwhile: it is displaced like any other.
	}
	if err := w.exchange(); err != nil {
		err = errors.Join(err, w.unlink())
		switch {
		case errors.Is(err, unix.ENOENT):
			return Written{}, app.Explain(err, app.NotFound, "%s was removed just now, so it was not saved.", quote(w.shown))
		case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
			return Written{}, app.Explain(err, app.Unavailable, "%s is on a disk that cannot exchange two files, so that saving it could lose what a program writes. Please move it to another folder.", quote(w.shown))
		}
		return Written{}, explain(err, w.shown)
	}
	w.folder.step("sync the folder")
	if err := w.dir.Sync(); err != nil {
		return Written{}, explain(err, w.shown)
	}
	return w.lookAtDisplaced(ctx)
}

func (w *writing) exchange() error {
	fd := int(w.dir.Fd())
	return unix.Renameat2(fd, w.swap, fd, w.base, unix.RENAME_EXCHANGE)
}

func (w *writing) unlink() error { return unix.Unlinkat(int(w.dir.Fd()), w.swap, 0) }

// lookAtDisplaced decides what becomes of what the exchange took out.
func (w *writing) lookAtDisplaced(ctx context.Context) (Written, error) {
	w.folder.step("look at what was displaced")
	file, st, err := openAt(w.dir, w.swap)
	if err != nil {
		return Written{}, explain(err, w.shown)
	}
	if file == nil {
		return Written{}, w.putBack(mustBeFile(w.shown, kindOf(st.Mode)))
	}
	defer file.Close()
	// A program that had it open goes on writing here: what it has cut off and is
	// about to write must not be taken for a deletion.
	if err := quiet(ctx, file); err != nil {
		return Written{}, explain(err, w.shown)
	}
	c, err := contentOf(file, w.expect.Max, max(w.expect.Max, MaxDocument))
	if err != nil {
		return Written{}, explain(err, w.shown)
	}
	known := slices.ContainsFunc(w.expect.Hashes, func(h []byte) bool { return c.hash != nil && slices.Equal(h, c.hash) })
	if known || slices.Equal(c.hash, w.hash[:]) {
		w.folder.step("remove what was displaced")
		return w.written(false, nil, w.unlink())
	}
	if c.data == nil {
		return Written{}, w.putBack(tooLarge(w.shown, c.size, w.expect.Max))
	}
	if err := checkText(w.shown, c.data, w.expect.Max); err != nil {
		return Written{}, w.putBack(err)
	}
	return w.written(false, &Left{Name: w.swap, Data: c.data, Hash: c.hash}, nil)
}

// putBack gives somebody's file its place again and returns why. Ours goes only
// if it is still ours.
func (w *writing) putBack(why error) error {
	w.folder.step("put back")
	if err := w.exchange(); err != nil {
		return errors.Join(why, err) // it is in the left-over
	}
	if err := w.dir.Sync(); err != nil {
		return errors.Join(why, err)
	}
	file, _, err := openAt(w.dir, w.swap)
	if err != nil || file == nil {
		return errors.Join(why, err)
	}
	defer file.Close()
	c, err := contentOf(file, 0, MaxDocument)
	if err == nil && slices.Equal(c.hash, w.hash[:]) {
		err = w.unlink()
	}
	return errors.Join(why, err)
}

// written describes the file as it is now.
func (w *writing) written(created bool, left *Left, err error) (Written, error) {
	if err != nil {
		return Written{}, explain(err, w.shown)
	}
	done := Written{Hash: w.hash[:], Created: created, Left: left}
	if info, err := w.folder.statAt(w.dir, path.Dir(w.name), w.base); err == nil { // else it is gone again
		done.Mode, done.Modified = info.Mode, info.Modified
	}
	return done, nil
}

// pause waits for d; false says that ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
