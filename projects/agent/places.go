package agent

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"lyceum/app"
	"lyceum/terminal"
	"lyceum/terminal/pty"
)

// places tells what names in a terminal mean.
type places struct{ home string }

// find is the Find of terminal.Options.
func (p places) find(process pty.Process, names []string) []*terminal.Place {
	folder := p.home
	if process != nil {
		if where := process.Folder(); where != "" {
			folder = where
		}
	}
	found := make([]*terminal.Place, len(names))
	for i, name := range names {
		if place, err := p.locate(folder, name); err == nil {
			found[i] = &place
		}
	}
	return found
}

// atLine matches a name with a line, and maybe a column, as compilers print it.
var atLine = regexp.MustCompile(`^(.+?):([0-9]{1,9})(?::([0-9]{1,9}))?:?$`)

// locate returns the place that name means in a folder. The error is a sentence
// for the person.
func (p places) locate(folder, name string) (terminal.Place, error) {
	if strings.Contains(name, "://") {
		return terminal.Place{}, app.Errorf(app.NotFound, "%s is an address of the web. Click it here in the terminal to visit it.", name)
	}
	place, err := p.look(folder, name)
	if err == nil {
		return place, nil
	}
	m := atLine.FindStringSubmatch(name)
	if m == nil {
		return place, err
	}
	place, err = p.look(folder, m[1])
	if err == nil && !place.Folder {
		place.Line, _ = strconv.Atoi(m[2]) // nine digits fit
		place.Column, _ = strconv.Atoi(m[3])
	}
	return place, err
}

// look finds a file or folder and where it lies in the home.
func (p places) look(folder, name string) (terminal.Place, error) {
	full := name
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		full = filepath.Join(p.home, rest)
	} else if !filepath.IsAbs(name) {
		full = filepath.Join(folder, name)
	}
	none := terminal.Place{}
	info, err := os.Stat(full)
	if err != nil {
		return none, app.Errorf(app.NotFound, "There is no file %s.", name)
	}
	real, err := filepath.EvalSymlinks(full)
	if err != nil {
		return none, app.Errorf(app.NotFound, "There is no file %s.", name)
	}
	path, inside := p.below(full)
	if _, ok := p.below(real); !ok || !inside {
		if path, inside = p.below(real); !inside {
			return none, app.Errorf(app.NotFound, "%s is not among the files of the project. Copy it here to open it.", name)
		}
	}
	switch {
	case info.IsDir():
		return terminal.Place{Path: path, Folder: true}, nil
	case info.Mode()&fs.ModeType == 0:
		return terminal.Place{Path: path}, nil
	}
	return none, app.Errorf(app.NotFound, "%s is neither a file nor a folder.", name)
}

// below returns the path from the home, "" for the home itself.
func (p places) below(full string) (string, bool) {
	path, err := filepath.Rel(p.home, full)
	if err != nil || !filepath.IsLocal(path) {
		return "", false
	}
	if path == "." {
		path = ""
	}
	return path, true
}
