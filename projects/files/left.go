package files

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// Leftovers returns what saves of a document have displaced and nobody has
// merged, as after a crash. It removes what nobody needs: a new content that did
// not get into place (its hash is in its name; who wanted to save it still has
// it), and a displaced one that is known. What cannot be merged, because it is
// no text or more than limit bytes, gets a visible name beside the document.
func (f *Folder) Leftovers(ctx context.Context, shown string, known [][]byte, limit int64) ([]Left, error) {
	limit = cmp.Or(limit, MaxDocument)
	dir, base, err := f.place(shown)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil // no folder, no left-overs
		}
		return nil, explain(err, shown)
	}
	defer dir.Close()
	names, err := swapsOf(ctx, dir, base)
	if err != nil {
		return nil, explain(err, shown)
	}
	var lefts []Left
	total := 0
	for _, name := range names {
		left, needed, err := f.leftover(ctx, dir, base, name, known, limit)
		if err != nil {
			return nil, explain(err, shown)
		}
		if !needed {
			continue
		}
		if total += len(left.Data); len(lefts) > 0 && int64(total) > limit {
			break
		}
		lefts = append(lefts, left)
		if len(lefts) == maxLefts {
			break
		}
	}
	return lefts, nil
}

// place opens the folder of a document, whether or not the document is there.
func (f *Folder) place(shown string) (dir *os.File, base string, err error) {
	name, err := existing(shown)
	if err != nil {
		return nil, "", err
	}
	if name, err = f.follow(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	if dir, err = f.openDir(path.Dir(name)); err != nil {
		return nil, "", err
	}
	return dir, path.Base(name), nil
}

// swapsOf returns the names of a document's swap files.
func swapsOf(ctx context.Context, dir *os.File, base string) ([]string, error) {
	var found []string
	for {
		names, err := dir.Readdirnames(500)
		if errors.Is(err, io.EOF) {
			slices.Sort(found)
			return found, nil
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		for _, n := range names {
			if strings.HasPrefix(n, swapPrefix(base)) {
				found = append(found, n)
			}
		}
	}
}

// leftover looks at one swap file, and reports whether it needs a merge.
func (f *Folder) leftover(ctx context.Context, dir *os.File, base, name string, known [][]byte, limit int64) (Left, bool, error) {
	file, _, err := openAt(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return Left{}, false, nil
	}
	if err != nil {
		return Left{}, false, err
	}
	if file == nil {
		return Left{}, false, keepVisibly(dir, base, name)
	}
	defer file.Close()
	if err := quiet(ctx, file); err != nil {
		return Left{}, false, err
	}
	c, err := contentOf(file, limit, max(limit, MaxDocument))
	if err != nil {
		return Left{}, false, err
	}
	isKnown := func(h []byte) bool { return c.hash != nil && bytes.Equal(h, c.hash) }
	if isKnown(wantedHash(base, name)) || slices.ContainsFunc(known, isKnown) {
		return Left{}, false, unix.Unlinkat(int(dir.Fd()), name, 0)
	}
	if c.data == nil || checkText(base, c.data, limit) != nil {
		return Left{}, false, keepVisibly(dir, base, name)
	}
	return Left{Name: name, Data: c.data, Hash: c.hash}, true, nil
}

// wantedHash is that of the content which a swap file was to bring.
func wantedHash(base, name string) []byte {
	text, _, _ := strings.Cut(strings.TrimPrefix(name, swapPrefix(base)), "-")
	sum, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return sum
}

// keepVisibly gives a left-over that nobody can merge a name that people see.
func keepVisibly(dir *os.File, base, name string) error {
	const tries = maxLefts // more of one name are not made at once
	for i := range tries {
		visible := base[:min(len(base), maxName-len(".displaced-00"))] + ".displaced"
		if i > 0 {
			visible = fmt.Sprintf("%s-%d", visible, i)
		}
		err := renameTo(dir, name, dir, visible)
		if !errors.Is(err, unix.EEXIST) {
			return err
		}
	}
	return nil // it stays hidden, and is not lost
}

// Discard removes what was displaced, after its merge is durable.
func (f *Folder) Discard(ctx context.Context, shown, name string, hash []byte) error {
	dir, base, err := f.place(shown)
	if err != nil {
		return explain(err, shown)
	}
	defer dir.Close()
	if !strings.HasPrefix(name, swapPrefix(base)) || strings.Contains(name, "/") {
		return app.Errorf(app.Invalid, "This is not a left-over of %s.", quote(shown))
	}
	file, _, err := openAt(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || file == nil {
		return explain(cmp.Or(err, error(unix.EINVAL)), shown)
	}
	defer file.Close()
	if err := quiet(ctx, file); err != nil {
		return explain(err, shown)
	}
	c, err := contentOf(file, 0, MaxDocument)
	if err != nil {
		return explain(err, shown)
	}
	if !bytes.Equal(c.hash, hash) {
		return app.Errorf(app.Conflict, "A program has gone on writing what was displaced of %s.", quote(shown))
	}
	if err := unix.Unlinkat(int(dir.Fd()), name, 0); err != nil {
		return explain(err, shown)
	}
	return nil
}
