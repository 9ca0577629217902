package files_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/projects/files"
)

// Bad names are refused with a sentence that names what is wrong, by every method
// that takes one.
func TestNamesThatCannotBeAreRefusedInWords(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "there", "")
		for _, c := range []struct{ name, path, word string }{
			{"up", "..", "“..”"},
			{"up and out", "a/../../etc/passwd", "“..”"},
			{"absolute", "/etc/passwd", "relative"},
			{"line break", "a\nb", "line break"},
			{"escape sequence", "a\x1b[2Jb", "control character"},
			{"NUL", "a\x00b", "NUL"},
			{"300 bytes", strings.Repeat("é", 150), "300 bytes, 255 are the most"},
			{"long path", strings.Repeat("abcdefgh/", 500) + "x", "4096 are the most"},
			{"not UTF-8", "caf\xe9", "not valid UTF-8"},
			{"empty part", "a//b", "empty part"},
			{"dot", "./a", "empty part or a “.”"},
			{"slash at the end", "a/", "empty part"},
			{"slash in disguise", "a\uFFFD2Fb", "control character"},
			{"up in disguise", "\uFFFD2E\uFFFD2E", "control character"},
			{"a file that is being saved", ".~lyceum-part-x", "reserved"},
		} {
			ctx := t.Context()
			_, list := f.List(ctx, c.path)
			_, stat := f.Stat(ctx, c.path)
			_, create := f.CreateFile(ctx, c.path)
			_, mkdir := f.Mkdir(ctx, c.path)
			_, from := f.Rename(ctx, c.path, "x")
			_, to := f.Rename(ctx, "there", c.path)
			_, _, down := f.Open(ctx, c.path)
			_, up := upload(ctx, f, c.path, "x", true)
			_, read := f.ReadDocument(ctx, c.path, 0)
			_, write := f.WriteDocument(ctx, c.path, []byte("x"), files.Expect{Absent: true})
			watch := f.Watch(ctx, []string{c.path}, func(files.Event) error { return errors.New("watches") })
			for i, err := range []error{list, stat, create, mkdir, from, to, f.Remove(ctx, c.path), down, up, read, write, watch} {
				if _, message := app.Public(err); !app.IsKind(err, app.Invalid) || !strings.Contains(message, c.word) {
					t.Errorf("%s, method %d: %v", c.name, i, err)
				}
			}
		}
		if got := names(t, f, ""); !slices.Equal(got, []string{"there"}) {
			t.Errorf("after refusals there is %q", got)
		}
	})
}

// A name that another program has made is shown so that it can be told back,
// whatever bytes it has.
func TestNamesOfAnyBytesAreShownAndTakenBack(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		real := []string{"caf\xe9", "a\nb", "\xff\xfe", "mark \uFFFD", "plain é", "\x1b[31m", "100%"}
		for _, n := range real {
			put(t, home, n, n)
		}
		shown := names(t, f, "")
		for _, want := range []string{"caf\uFFFDE9", "a\uFFFD0Ab", "plain é", "100%", "mark \uFFFDEF\uFFFDBF\uFFFDBD"} {
			if !slices.Contains(shown, want) {
				t.Errorf("%q is not among %q", want, shown)
			}
		}
		for _, n := range shown {
			d, err := f.ReadDocument(t.Context(), n, 0)
			if err == nil && !slices.Contains(real, string(d.Data)) || err != nil && !app.IsKind(err, app.Invalid) {
				t.Errorf("read %q = %q, %v", n, d.Data, err)
			}
			if err := f.Remove(t.Context(), n); err != nil {
				t.Errorf("remove %q: %v", n, err)
			}
		}
		if left := names(t, f, ""); len(left) != 0 {
			t.Errorf("after removing all there is %q", left)
		}
		_, err := f.CreateFile(t.Context(), "caf\uFFFDE9")
		refused(t, err, app.Invalid, "new names must be valid UTF-8")
	})
}

// What a listing says of each kind, and that links out of the project lead nowhere.
func TestListTellsKindsSizesAndTimes(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "b.txt", "12345")
		put(t, home, "dir/inside", "")
		at := time.UnixMilli(1_700_000_000_123)
		err := errors.Join(
			os.Chtimes(filepath.Join(home, "b.txt"), at, at), os.Chmod(filepath.Join(home, "b.txt"), 0o640),
			os.Symlink("dir", filepath.Join(home, "to-dir")), os.Symlink("/etc/passwd", filepath.Join(home, "out")),
			syscall.Mkfifo(filepath.Join(home, "fifo"), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		l, err := f.List(t.Context(), "")
		if err != nil || l.Cut {
			t.Fatal(err, l.Cut)
		}
		got := map[string]string{}
		for _, i := range l.Entries {
			got[i.Name] = string(i.Kind + ">" + i.Target)
		}
		want := map[string]string{"b.txt": "file>", "dir": "directory>", "fifo": "other>", "out": "link>", "to-dir": "link>directory"}
		if fmt.Sprint(got) != fmt.Sprint(want) || !slices.IsSortedFunc(l.Entries, func(a, b files.Info) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("List = %v, want %v", got, want)
		}
		i, err := f.Stat(t.Context(), "b.txt")
		if err != nil || i != (files.Info{Name: "b.txt", Kind: files.File, Size: 5, Modified: 1_700_000_000_123, Mode: 0o640}) {
			t.Errorf("Stat = %+v, %v", i, err)
		}
		if got := names(t, f, "to-dir"); !slices.Equal(got, []string{"inside"}) {
			t.Errorf("through a link: %q", got)
		}
		_, err = f.List(t.Context(), "nowhere")
		refused(t, err, app.NotFound, "“nowhere” does not exist")
		_, err = f.List(t.Context(), "b.txt")
		refused(t, err, app.Invalid, "not a folder")
	})
}

func TestAGreatFolderIsCutAndSaysSo(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		for i := range files.MaxEntries + 1 {
			if err := os.Link(one(t, home), filepath.Join(home, fmt.Sprintf("f%05d", i))); err != nil {
				t.Fatal(err)
			}
		}
		l, err := f.List(t.Context(), "")
		if err != nil || !l.Cut || len(l.Entries) != files.MaxEntries {
			t.Errorf("List = %d entries, cut %v, %v", len(l.Entries), l.Cut, err)
		}
	})
}

// one makes a file outside of home, once.
func one(t *testing.T, home string) string {
	name := filepath.Join(filepath.Dir(home), "one")
	if _, err := os.Stat(name); err != nil {
		put(t, filepath.Dir(home), "one", "")
	}
	return name
}

func TestCreateMkdirRenameAndRemove(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		ctx := t.Context()
		if i, err := f.CreateFile(ctx, "a.txt"); err != nil || i.Kind != files.File || i.Name != "a.txt" {
			t.Errorf("CreateFile = %+v, %v", i, err)
		}
		_, err := f.CreateFile(ctx, "a.txt")
		refused(t, err, app.Conflict, "exists already")
		_, err = f.CreateFile(ctx, "no/b.txt")
		refused(t, err, app.NotFound, "The folder “no” does not exist")
		if i, err := f.Mkdir(ctx, "d/e/f"); err != nil || i.Kind != files.Directory || i.Name != "f" {
			t.Errorf("Mkdir = %+v, %v", i, err)
		}
		_, err = f.Mkdir(ctx, "d/e")
		refused(t, err, app.Conflict, "exists already")
		put(t, home, "d/e/x", "x")

		_, err = f.Rename(ctx, "a.txt", "d/e/x")
		refused(t, err, app.Conflict, "exists already")
		_, err = f.Rename(ctx, "gone", "new")
		refused(t, err, app.NotFound, "“gone”")
		_, err = f.Rename(ctx, "a.txt", "no/a.txt")
		refused(t, err, app.NotFound, "The folder “no”")
		_, err = f.Rename(ctx, "d", "d/e/d")
		refused(t, err, app.Invalid, "into itself")
		if i, err := f.Rename(ctx, "a.txt", "d/b.txt"); err != nil || i.Name != "b.txt" {
			t.Errorf("Rename = %+v, %v", i, err)
		}
		if i, err := f.Rename(ctx, "d", "dd"); err != nil || i.Kind != files.Directory {
			t.Errorf("Rename of a folder = %+v, %v", i, err)
		}
		if got := get(t, home, "dd/e/x"); got != "x" {
			t.Errorf("after refusals d/e/x has %q", got)
		}
		refused(t, f.Remove(ctx, ""), app.Invalid, "home")
		refused(t, f.Remove(ctx, "gone"), app.NotFound, "“gone”")
		if err := errors.Join(f.Remove(ctx, "dd")); err != nil || len(names(t, f, "")) != 0 {
			t.Errorf("Remove = %v, then %q", err, names(t, f, ""))
		}
	})
}

// Removing a folder removes links in it and not what they lead to; it can be
// ended, and does not go down for ever.
func TestRemoveStaysInsideAndInBounds(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, filepath.Dir(home), "outside/keep", "x")
		put(t, home, "d/many/a", "")
		if err := os.Symlink(filepath.Join(filepath.Dir(home), "outside"), filepath.Join(home, "d/link")); err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := f.Remove(ended, "d"); !errors.Is(err, context.Canceled) {
			t.Errorf("Remove after the end = %v", err)
		}
		if err := f.Remove(t.Context(), "d"); err != nil {
			t.Error(err)
		}
		get(t, filepath.Dir(home), "outside/keep")

		deep := strings.Repeat("d/", 300) + "d"
		root, err := os.OpenRoot(home)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if err := root.MkdirAll(deep, 0o755); err != nil {
			t.Fatal(err)
		}
		refused(t, f.Remove(t.Context(), "d"), app.TooLarge, "rm -r")
	})
}

func TestUploadAndOpenCarryWholeFiles(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		ctx := t.Context()
		big := strings.Repeat("0123456789abcdef", 1<<17) // 2 MiB
		if i, err := upload(ctx, f, "big", big, false); err != nil || i.Size != int64(len(big)) {
			t.Errorf("Upload = %+v, %v", i, err)
		}
		r, i, err := f.Open(ctx, "big")
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil || string(data) != big || i.Size != int64(len(big)) {
			t.Errorf("Open = %d bytes of %d, %v", len(data), i.Size, err)
		}
		_, err = upload(ctx, f, "big", "small", false)
		refused(t, err, app.Conflict, "exists already")
		if err := os.Chmod(filepath.Join(home, "big"), 0o751); err != nil {
			t.Fatal(err)
		}
		if i, err := upload(ctx, f, "big", "small", true); err != nil || i.Mode != 0o751 || get(t, home, "big") != "small" {
			t.Errorf("Upload over it = %+v, %v", i, err)
		}
		put(t, home, "d/x", "")
		_, err = upload(ctx, f, "d", "x", true)
		refused(t, err, app.Invalid, "is a folder")
		_, err = upload(ctx, f, "no/x", "x", true)
		refused(t, err, app.NotFound, "The folder “no”")

		_, err = f.Upload(ctx, "broken", false, breaking{strings.NewReader(big)})
		if err == nil {
			t.Error("an upload that breaks off = nil")
		}
		for hidden(t, home) > 0 { // the other side of a connection notices in its own time
			if t.Context().Err() != nil {
				t.Fatal("an unfinished file was left")
			}
		}
		if _, err := f.Stat(ctx, "broken"); !app.IsKind(err, app.NotFound) {
			t.Errorf("half an upload is there: %v", err)
		}
	})
}

// Only regular files are opened: a FIFO would wait for ever, a link leads out.
func TestOpenTakesRegularFilesOnly(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, filepath.Dir(home), "secret", "secret")
		put(t, home, "d/x", "x")
		err := errors.Join(
			syscall.Mkfifo(filepath.Join(home, "fifo"), 0o600),
			os.Symlink("../secret", filepath.Join(home, "out")),
			os.Symlink("/etc/passwd", filepath.Join(home, "passwd")),
			os.Symlink("/dev/zero", filepath.Join(home, "zero")),
			os.Symlink("loop", filepath.Join(home, "loop")),
			os.Symlink("..", filepath.Join(home, "up")),
			os.Symlink(filepath.Join(home, "d/x"), filepath.Join(home, "absolute")),
			os.Symlink("d/../d/x", filepath.Join(home, "relative")))
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		for _, c := range []struct {
			path string
			kind app.Kind
			word string
		}{
			{"fifo", app.Invalid, "a pipe"}, {"d", app.Invalid, "a folder"}, {"", app.Invalid, "a folder"},
			{"out", app.Denied, "out of the project"}, {"passwd", app.Denied, "out of the project"},
			{"zero", app.Denied, "out of the project"}, {"up/secret", app.Denied, "out of the project"},
			{"loop", app.Invalid, "leads to itself"},
		} {
			_, _, err := f.Open(ctx, c.path)
			refused(t, err, c.kind, c.word)
			_, err = f.ReadDocument(ctx, c.path, 0)
			refused(t, err, c.kind, c.word)
			if _, err := f.WriteDocument(ctx, c.path, []byte("x"), files.Expect{Hashes: [][]byte{hashOf("secret")}}); err == nil {
				t.Errorf("write %q = nil", c.path)
			}
		}
		if got := get(t, filepath.Dir(home), "secret"); got != "secret" {
			t.Errorf("outside of the project there is %q now", got)
		}
		for _, inside := range []string{"absolute", "relative"} {
			if d, err := f.ReadDocument(ctx, inside, 0); err != nil || string(d.Data) != "x" {
				t.Errorf("read %q = %q, %v", inside, d.Data, err)
			}
		}
		if _, err := f.List(ctx, "up"); !app.IsKind(err, app.Denied) {
			t.Errorf("list a link that leads out = %v", err)
		}
	})
}

// What a crash has left unfinished goes with the next listing; what is being
// written stays.
func TestListingsRemoveUnfinishedFilesOfACrash(t *testing.T) {
	home, f := open(t)
	put(t, home, ".~lyceum-part-old", "x")
	put(t, home, ".~lyceum-part-new", "x")
	put(t, home, ".~lyceum-swap-other", "x")
	old := time.Now().Add(-time.Hour)
	for _, n := range []string{".~lyceum-part-old", ".~lyceum-swap-other"} {
		if err := os.Chtimes(filepath.Join(home, n), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, f, ""); len(got) != 0 || hidden(t, home) != 2 {
		t.Errorf("listed %q, %d hidden, want none and 2", got, hidden(t, home))
	}
}
