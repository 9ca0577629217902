package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lyceum/app"
	"lyceum/projects/files"
)

// A file that is no text, or too much, is refused with a way out.
func TestReadDocumentTakesTextOnly(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "binary", "a\x00b")
		put(t, home, "latin1", "caf\xe9")
		put(t, home, "edge", strings.Repeat("x", 1000))
		if err := os.Truncate(filepath.Join(home, "binary"), 3); err != nil {
			t.Fatal(err)
		}
		put(t, home, "huge", "")
		if err := os.Truncate(filepath.Join(home, "huge"), 1<<30); err != nil { // 1 GB, sparse
			t.Fatal(err)
		}
		for _, c := range []struct {
			path string
			max  int64
			kind app.Kind
			word string
		}{
			{"binary", 0, app.Invalid, "not text but binary"},
			{"latin1", 0, app.Invalid, "iconv"},
			{"huge", 0, app.TooLarge, "“huge” has 1.0 GiB; up to 10.0 MiB can be edited here. Please open it in the terminal"},
			{"edge", 999, app.TooLarge, "up to 999 bytes"},
			{"gone", 0, app.NotFound, "does not exist"},
		} {
			_, err := f.ReadDocument(t.Context(), c.path, c.max)
			refused(t, err, c.kind, c.word)
		}
		if d, err := f.ReadDocument(t.Context(), "edge", 1000); err != nil || len(d.Data) != 1000 {
			t.Errorf("a text of exactly the bound: %v", err)
		}
	})
}

func TestReadDocumentTellsHashModeAndLineEnds(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		for _, c := range []struct {
			text string
			ends files.LineEnds
		}{
			{"", files.LF}, {"a", files.LF}, {"a\nb\n", files.LF},
			{"a\r\nb\r\n", files.CRLF}, {"a\r\nb", files.CRLF}, {"a\r\nb\n", files.LF}, {"a\rb", files.LF}, {"\n\r\n", files.LF},
		} {
			put(t, home, "d", c.text)
			d, err := f.ReadDocument(t.Context(), "d", 0)
			if err != nil || string(d.Data) != c.text || d.LineEnds != c.ends || string(d.Hash) != string(hashOf(c.text)) || d.Mode != 0o644 {
				t.Errorf("%q: %+v, %v", c.text, d, err)
			}
		}
	})
}

func expect(texts ...string) (e files.Expect) {
	for _, t := range texts {
		e.Hashes = append(e.Hashes, hashOf(t))
	}
	return e
}

// A save replaces what it knows as a whole, keeps mode and owner, and leaves
// nothing behind.
func TestD9ASaveReplacesWhatItKnows(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "d/a.tex", "one")
		full := filepath.Join(home, "d/a.tex")
		uid, gid := os.Geteuid(), os.Getegid()
		if uid == 0 { // only root can give a file away
			uid, gid = 12345, 23456
		}
		if err := errors.Join(os.Chmod(full, 0o751), os.Chown(full, uid, gid)); err != nil {
			t.Fatal(err)
		}
		reader, err := os.Open(full)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		w, err := f.WriteDocument(t.Context(), "d/a.tex", []byte("two"), expect("zero", "one"))
		if err != nil || w.Left != nil || w.Created || w.Mode != 0o751 || string(w.Hash) != string(hashOf("two")) {
			t.Fatalf("WriteDocument = %+v, %v", w, err)
		}
		info, err := os.Stat(full)
		if err != nil {
			t.Fatal(err)
		}
		st := info.Sys().(*syscall.Stat_t)
		if get(t, home, "d/a.tex") != "two" || info.Mode() != 0o751 || int(st.Uid) != uid || int(st.Gid) != gid || hidden(t, filepath.Join(home, "d")) != 0 {
			t.Errorf("after the save: %q, %v of %d:%d, %d hidden", get(t, home, "d/a.tex"), info.Mode(), st.Uid, st.Gid, hidden(t, filepath.Join(home, "d")))
		}
		old := make([]byte, 10)
		if n, _ := reader.Read(old); string(old[:n]) != "one" {
			t.Errorf("who had it open reads %q, not what it was as a whole", old[:n])
		}
	})
}

// What a program has written meanwhile is displaced, returned, kept until it is
// merged, and then removed.
func TestD9AContentThatNobodyExpectedIsNotLost(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "a", "by a program")
		w, err := f.WriteDocument(t.Context(), "a", []byte("by people"), expect("before"))
		if err != nil || w.Left == nil || string(w.Left.Data) != "by a program" || get(t, home, "a") != "by people" {
			t.Fatalf("WriteDocument = %+v, %v", w, err)
		}
		if got := names(t, f, ""); len(got) != 1 {
			t.Errorf("people see %q", got)
		}
		lefts, err := f.Leftovers(t.Context(), "a", nil, 0)
		if err != nil || len(lefts) != 1 || lefts[0].Name != w.Left.Name || string(lefts[0].Data) != "by a program" {
			t.Errorf("Leftovers = %+v, %v", lefts, err)
		}
		if other, err := f.Leftovers(t.Context(), "b", nil, 0); err != nil || len(other) != 0 {
			t.Errorf("another document has left %+v, %v", other, err)
		}
		// The program goes on writing to the file that it has open.
		put(t, home, w.Left.Name, "by a program, more")
		err = f.Discard(t.Context(), "a", w.Left.Name, w.Left.Hash)
		refused(t, err, app.Conflict, "gone on writing")
		if err := f.Discard(t.Context(), "a", w.Left.Name, hashOf("by a program, more")); err != nil || hidden(t, home) != 0 {
			t.Errorf("Discard = %v, %d hidden", err, hidden(t, home))
		}
		if err := f.Discard(t.Context(), "a", w.Left.Name, hashOf("")); err != nil {
			t.Errorf("discarding it again = %v", err)
		}
		refused(t, f.Discard(t.Context(), "a", "a", hashOf("by people")), app.Invalid, "not a left-over")
		refused(t, f.Discard(t.Context(), "a", w.Left.Name+"/../a", hashOf("by people")), app.Invalid, "not a left-over")
	})
}

// A program that has replaced the document by something that is no text keeps it:
// it cannot be merged.
func TestD9WhatIsNoTextIsPutBack(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "binary", "\x00\x01")
		put(t, home, "great", strings.Repeat("x", 2000))
		put(t, home, "d/x", "")
		if err := syscall.Mkfifo(filepath.Join(home, "fifo"), 0o644); err != nil {
			t.Fatal(err)
		}
		for path, kind := range map[string]app.Kind{"binary": app.Invalid, "great": app.TooLarge, "d": app.Invalid, "fifo": app.Invalid} {
			before, err := f.Stat(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			e := expect("before")
			e.Max = 1000
			if w, err := f.WriteDocument(t.Context(), path, []byte("text"), e); !app.IsKind(err, kind) {
				t.Errorf("%s: %+v, %v", path, w, err)
			}
			if after, err := f.Stat(t.Context(), path); err != nil || after != before || hidden(t, home) != 0 {
				t.Errorf("%s: was %+v, is %+v (%v), %d hidden", path, before, after, err, hidden(t, home))
			}
		}
	})
}

// A deleted file is said, not made again, unless that is asked for.
func TestD8ADeletedFileIsSaid(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		_, err := f.WriteDocument(t.Context(), "gone", []byte("x"), expect("before"))
		refused(t, err, app.NotFound, "“gone” does not exist any more")
		_, err = f.WriteDocument(t.Context(), "no/folder", []byte("x"), expect("before"))
		refused(t, err, app.NotFound, "no/folder")
		e := expect("before")
		e.Absent = true
		for _, path := range []string{"gone", "no/folder"} {
			if w, err := f.WriteDocument(t.Context(), path, []byte("again"), e); err != nil || !w.Created || get(t, home, path) != "again" {
				t.Errorf("WriteDocument = %+v, %v", w, err)
			}
		}
		if hidden(t, home) != 0 {
			t.Errorf("%d hidden", hidden(t, home))
		}
	})
}

// A link in the project is written through, and stays a link.
func TestD9ADocumentThatIsALinkIsWrittenThrough(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "d/real", "one")
		if err := os.Symlink("d/real", filepath.Join(home, "link")); err != nil {
			t.Fatal(err)
		}
		if w, err := f.WriteDocument(t.Context(), "link", []byte("two"), expect("one")); err != nil || w.Left != nil {
			t.Errorf("WriteDocument = %+v, %v", w, err)
		}
		if i, err := f.Stat(t.Context(), "link"); err != nil || i.Kind != files.Link || get(t, home, "d/real") != "two" {
			t.Errorf("the link is %+v (%v), the file has %q", i, err, get(t, home, "d/real"))
		}
	})
}
