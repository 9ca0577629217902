package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/terminal"
)

// someHome has a file in a folder, links, and what is no file.
func someHome(t *testing.T) places {
	t.Helper()
	root := t.TempDir()
	home := filepath.Join(root, "home")
	for name, content := range map[string]string{"home/src/a b.c": "", "home/odd:7": "", "outside": ""} {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"way-out": filepath.Join(root, "outside"), "way-in": "src/a b.c", "dangling": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(home, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(home, "src"), filepath.Join(root, "back")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(home, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	return places{home}
}

// A page opens what the shell names: the right file at the right line, and
// nothing that is not of the project.
func TestNamesOfPlaces(t *testing.T) {
	p := someHome(t)
	src := filepath.Join(p.home, "src")
	for _, c := range []struct {
		name, folder, text string
		want               terminal.Place
		refusal            string
	}{
		{"in the folder", src, "a b.c", terminal.Place{Path: "src/a b.c"}, ""},
		{"with a line", src, "a b.c:12", terminal.Place{Path: "src/a b.c", Line: 12}, ""},
		{"with line and column", src, "./a b.c:12:5", terminal.Place{Path: "src/a b.c", Line: 12, Column: 5}, ""},
		{"as a compiler ends it", src, "a b.c:12:5:", terminal.Place{Path: "src/a b.c", Line: 12, Column: 5}, ""},
		{"a name that looks like a line", p.home, "odd:7", terminal.Place{Path: "odd:7"}, ""},
		{"absolute", "/", filepath.Join(src, "a b.c"), terminal.Place{Path: "src/a b.c"}, ""},
		{"from home", "/", "~/src/a b.c", terminal.Place{Path: "src/a b.c"}, ""},
		{"up and down", src, "../src/a b.c", terminal.Place{Path: "src/a b.c"}, ""},
		{"a folder", p.home, "src", terminal.Place{Path: "src", Folder: true}, ""},
		{"a folder has no lines", p.home, "src:3", terminal.Place{Path: "src", Folder: true}, ""},
		{"the home", src, "..", terminal.Place{Folder: true}, ""},
		{"a link inside keeps its name", p.home, "way-in", terminal.Place{Path: "way-in"}, ""},
		{"a link back in", p.home, "../back/a b.c", terminal.Place{Path: "src/a b.c"}, ""},
		{"not there", p.home, "none.c:3", terminal.Place{}, "There is no file none.c."},
		{"a link to nowhere", p.home, "dangling", terminal.Place{}, "There is no file dangling."},
		{"outside", p.home, "../outside", terminal.Place{}, "../outside is not among the files of the project."},
		{"a link out", p.home, "way-out", terminal.Place{}, "way-out is not among the files of the project."},
		{"of the system", p.home, "/etc/passwd", terminal.Place{}, "/etc/passwd is not among the files"},
		{"a pipe", p.home, "pipe", terminal.Place{}, "pipe is neither a file nor a folder."},
		{"a web address", p.home, "https://example.org", terminal.Place{}, "https://example.org is an address of the web."},
	} {
		got, err := p.locate(c.folder, c.text)
		message := ""
		if err != nil {
			_, message = app.Public(err)
		}
		if got != c.want || !strings.HasPrefix(message, c.refusal) || (c.refusal == "") != (err == nil) {
			t.Errorf("%s: %+v, %q", c.name, got, message)
		}
	}
}

// request writes what the command open sends.
func request(fields ...string) *strings.Reader {
	return strings.NewReader(strings.Join(fields, "\x00") + "\x00")
}

// Only who runs in a terminal opens something there, never what is printed in
// it, nor a terminal of another.
func TestOpenNeedsTheTokenOfItsTerminal(t *testing.T) {
	p := someHome(t)
	o := &opener{places: p, key: [32]byte{1}}
	var shown []terminal.Place
	watched := true
	o.show = func(id string, places []terminal.Place) bool {
		if id != "t1" {
			t.Errorf("shown in %q", id)
		}
		shown = places
		return watched
	}
	good := "t1:" + o.token("t1")
	for _, c := range []struct {
		name  string
		ask   *strings.Reader
		want  string
		shown int
	}{
		{"right", request(good, p.home, "1", "odd:7"), "ok\n", 1},
		{"several, one of them missing", request(good, p.home, "3", "odd:7", "no", "src"), "failed\nThere is no file no.\n", 2},
		{"none of them there", request(good, p.home, "1", "no\x1b[2J\n"), "failed\nThere is no file no?[2J?.\n", 0},
		{"too many", request(good, p.home, "21"), "failed\nAt most 20 files can be opened at once.\n", 0},
		{"no number", request(good, p.home, "x"), "failed\nAt most 20 files can be opened at once.\n", 0},
		{"cut off", strings.NewReader(good), "failed\nThis shell is not in a terminal of this project.\n", 0},
		{"without a token", request("t1:", p.home, "1", "odd:7"), "failed\nThis shell is not in a terminal of this project.\n", 0},
		{"with the token of another", request("t1:"+o.token("t2"), p.home, "1", "odd:7"), "failed\nThis shell is not in a terminal of this project.\n", 0},
	} {
		shown = nil
		if got := o.answer(c.ask); got != c.want || len(shown) != c.shown {
			t.Errorf("%s: %q with %d shown, want %q with %d", c.name, got, len(shown), c.want, c.shown)
		}
	}
	watched = false
	if got := o.answer(request(good, p.home, "1", "src")); !strings.HasPrefix(got, "failed\nNobody has this terminal open") {
		t.Errorf("while nobody looks: %q", got)
	}
}
