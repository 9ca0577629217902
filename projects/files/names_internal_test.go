package files

import (
	"path"
	"strings"
	"testing"
	"unicode/utf8"
)

// Any name that Linux takes is shown in a way that leads back to it, and to no
// other; no path that is let in leads out.
func FuzzNamesLeadBack(f *testing.F) {
	for _, s := range []string{"a", "", "..", "caf\xe9", "\uFFFD2F", "\uFFFD", "a/../b", "\x00", "\uFFFD0A/x", "é\n", ".~lyceum-x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		shown := showName(s)
		if back, ok := realName(shown); (!ok || back != s) && !strings.ContainsRune(s, 0) {
			t.Errorf("%q is shown as %q, which leads to %q, %v", s, shown, back, ok)
		}
		if !utf8.ValidString(shown) || strings.ContainsAny(shown, "\n\x1b\x00") {
			t.Errorf("%q is shown as %q", s, shown)
		}
		if name, ok := realName(s); ok && showName(name) != s {
			t.Errorf("%q and %q are one name", s, showName(name))
		}
		name, err := existing(s)
		if err != nil {
			return
		}
		if path.IsAbs(name) || path.Clean(name) != name || name == ".." || strings.HasPrefix(name, "../") || strings.ContainsRune(name, 0) {
			t.Errorf("%q was let in as %q", s, name)
		}
		if shownPath(name) != s {
			t.Errorf("%q is the file of %q", s, shownPath(name))
		}
	})
}

func TestHumanSizes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1536: "1.5 KiB", 10 << 20: "10.0 MiB", 1 << 50: "1024.0 TiB"} {
		if got := HumanSize(n); got != want {
			t.Errorf("HumanSize(%d) = %q, want %q", n, got, want)
		}
	}
}
