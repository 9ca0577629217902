package files

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/app"
)

// reserved begins the names of files that are on their way. They are not listed
// and cannot be named.
const reserved = ".~lyceum-"

// escapeMark begins a byte that cannot be shown.
const escapeMark = "\uFFFD"

// showName returns how a name is shown: each byte that is not UTF-8, of a control
// character, or of the mark itself becomes the mark and two hexadecimal digits.
// No two names are shown alike, and realName takes it back.
func showName(name string) string {
	if !strings.ContainsFunc(name, hidden) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		if !hidden(r) {
			b.WriteString(name[i : i+n])
		} else {
			for _, c := range []byte(name[i : i+n]) {
				fmt.Fprintf(&b, escapeMark+"%02X", c)
			}
		}
		i += n
	}
	return b.String()
}

// hidden reports whether a character is escaped. Bytes that are not UTF-8 are
// decoded as the mark.
func hidden(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }

// realName is the reverse of showName. It reports false for what showName does
// not return.
func realName(shown string) (string, bool) {
	if !strings.Contains(shown, escapeMark) {
		return shown, !strings.ContainsFunc(shown, hidden)
	}
	var b strings.Builder
	for rest := shown; rest != ""; {
		before, after, found := strings.Cut(rest, escapeMark)
		b.WriteString(before)
		if !found {
			break
		}
		var c byte
		if len(after) < 2 {
			return "", false
		}
		if _, err := fmt.Sscanf(after[:2], "%02X", &c); err != nil {
			return "", false
		}
		b.WriteByte(c)
		rest = after[2:]
	}
	name := b.String()
	return name, showName(name) == shown && !strings.ContainsRune(name, 0)
}

// existing checks the path of something that is there, and returns its real
// form; "" becomes ".".
func existing(shown string) (string, error) {
	if shown == "" {
		return ".", nil
	}
	if !utf8.ValidString(shown) {
		return "", invalidPath(shown, "it is not valid UTF-8")
	}
	if strings.ContainsRune(shown, 0) {
		return "", invalidPath(shown, "it contains a NUL character")
	}
	if strings.HasPrefix(shown, "/") {
		return "", invalidPath(shown, "it has to be relative to the home of the project, without a “/” at its begin")
	}
	names := strings.Split(shown, "/")
	total := 0
	for i, s := range names {
		name, ok := realName(s)
		switch {
		case s == "..":
			return "", invalidPath(shown, "it must not contain “..”")
		case s == "" || s == ".":
			return "", invalidPath(shown, "it has an empty part or a “.” between slashes")
		case !ok:
			return "", invalidPath(shown, "it contains a line break or another control character")
		case len(name) > maxName:
			return "", invalidPath(shown, fmt.Sprintf("a name has %d bytes, %d are the most", len(name), maxName))
		case strings.HasPrefix(name, reserved):
			return "", invalidPath(shown, "names that begin with “"+reserved+"” are reserved for files that are being saved")
		}
		names[i] = name
		total += len(name) + 1
	}
	if total > maxPath {
		return "", invalidPath(shown, fmt.Sprintf("it has %d bytes, %d are the most", total, maxPath))
	}
	return strings.Join(names, "/"), nil
}

// creatable checks the path of something that is to be made. Only its last name
// is new.
func creatable(shown string) (string, error) {
	name, err := existing(shown)
	switch {
	case err != nil:
		return "", err
	case name == ".":
		return "", app.Errorf(app.Invalid, "Please give a name.")
	case strings.Contains(path.Base(shown), escapeMark):
		return "", invalidPath(shown, "new names must be valid UTF-8 without control characters")
	}
	return name, nil
}

func invalidPath(shown, why string) error {
	return app.Errorf(app.Invalid, "%s cannot be used as a name here: %s.", quote(shown), why)
}

// quoteRunes is how much of a path a sentence shows.
const quoteRunes = 120

// quote shows a path in a sentence.
func quote(shown string) string {
	s := strings.ReplaceAll(showName(shown), "\n", " ")
	if r := []rune(s); len(r) > quoteRunes {
		s = string(r[:quoteRunes]) + "…"
	}
	return "“" + s + "”"
}

// shownPath shows each part of a real path.
func shownPath(name string) string {
	if name == "." {
		return ""
	}
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = showName(p)
	}
	return strings.Join(parts, "/")
}
