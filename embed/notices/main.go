// Command notices writes THIRD_PARTY_NOTICES.md into the folder it is given, the
// root of the repository: the licence of everything that the executable
// contains, read from the module cache and from frontend/node_modules.
//
// A part without a licence text is an error, so that none comes in unseen.
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// part is something of others that the executable contains.
type part struct {
	name, version string
	folder        string // where its licence lies
	licence       string // as it declares itself, "" if only the text says
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: notices ROOT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	modules, err := goParts(root)
	if err != nil {
		return err
	}
	packages, err := npmParts(filepath.Join(root, "frontend"))
	if err != nil {
		return err
	}
	text, err := render(append(modules, packages...))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "THIRD_PARTY_NOTICES.md"), text, 0o644)
}

// render groups the parts by the text of their licence, since families of
// packages share one.
func render(parts []part) ([]byte, error) {
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.version, b.version))
	})
	var texts []string // in the order of the first part
	users := map[string][]part{}
	for _, p := range parts {
		text, err := licenceText(p)
		if err != nil {
			return nil, err
		}
		if len(users[text]) == 0 {
			texts = append(texts, text)
		}
		users[text] = append(users[text], p)
	}
	var b bytes.Buffer
	b.WriteString("# Third-party notices\n\nThe executable `lyceum` contains the following. This file is made by `make gen`.\n")
	for _, text := range texts {
		b.WriteString("\n---\n\n")
		for _, p := range users[text] {
			fmt.Fprintf(&b, "- %s %s\n", p.name, p.version)
		}
		b.WriteString("\n")
		for line := range strings.Lines(text) {
			b.WriteString(strings.TrimRight("    "+line, " \t\r\n") + "\n")
		}
	}
	return b.Bytes(), nil
}

// licenceText returns the licence and notice files of a part, one after the
// other.
func licenceText(p part) (string, error) {
	entries, err := os.ReadDir(p.folder)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.name, err)
	}
	var texts []string
	for _, entry := range entries {
		upper := strings.ToUpper(entry.Name())
		isText := !entry.IsDir() && !strings.HasSuffix(upper, ".JS")
		if isText && slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE"}, func(prefix string) bool {
			return strings.HasPrefix(upper, prefix)
		}) {
			data, err := os.ReadFile(filepath.Join(p.folder, entry.Name()))
			if err != nil {
				return "", err
			}
			texts = append(texts, strings.TrimSpace(string(data)))
		}
	}
	if len(texts) > 0 {
		return strings.Join(texts, "\n\n"), nil
	}
	if p.licence == "" {
		return "", fmt.Errorf("%s has no licence in %s; leave it out of the product", p.name, p.folder)
	}
	// Some packages only declare their licence by its name.
	return "Published under " + p.licence + "; the package has no licence text of its own.", nil
}
