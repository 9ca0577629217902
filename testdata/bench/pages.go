package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
)

// chunk is an entry of Vite's manifest.
type chunk struct {
	File    string   `json:"file"`
	CSS     []string `json:"css"`
	Imports []string `json:"imports"`
}

const entry = "index.html"

// shellPages are what is there before a document or a terminal, as in the budget
// of frontend/vite.config.ts.
var shellPages = []string{entry, "src/app/Shell.tsx", "src/app/ProjectRoute.tsx", "src/features/files/FilesPanel.tsx"}

// pages measures what a browser fetches to show a page.
func (l *lab) pages(ctx context.Context) error {
	packed, err := l.server.get(ctx, "manifest.json")
	if err != nil {
		return err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	var manifest map[string]chunk
	if err := json.NewDecoder(r).Decode(&manifest); err != nil {
		return err
	}
	for _, page := range []struct {
		what   string
		chunks []string
		above  []string
	}{
		{"sign-in page", []string{entry, "src/features/account/SignInPage.tsx"}, nil},
		{"shell with a project", shellPages, nil},
		{"text editor, beyond the shell", []string{"src/features/editor/EditorFrame.tsx"}, shellPages},
		{"terminal, beyond the shell", []string{"src/features/terminal/TerminalFrame.tsx"}, shellPages},
	} {
		size, err := l.load(ctx, manifest, page.chunks, page.above)
		if err != nil {
			return err
		}
		l.table.add("first load of the "+page.what+", compressed", kibibytes(size))
	}
	return nil
}

// load fetches what some chunks need that others have not fetched, and returns
// the bytes.
func (l *lab) load(ctx context.Context, manifest map[string]chunk, chunks, above []string) (size int64, err error) {
	seen, have := map[string]bool{}, map[string]bool{}
	fetch := func(file string) error {
		if have[file] {
			return nil
		}
		have[file] = true
		data, err := l.server.get(ctx, file)
		size += int64(len(data))
		return err
	}
	var visit func(name string) error
	visit = func(name string) error {
		if seen[name] {
			return nil
		}
		seen[name] = true
		c, known := manifest[name]
		if !known {
			return fmt.Errorf("the manifest has no %s; what is it called in frontend/vite.config.ts now?", name)
		}
		files := append([]string{c.File}, c.CSS...)
		if name == entry {
			files = append(files, "") // the page itself
		}
		for _, file := range files {
			if err := fetch(file); err != nil {
				return err
			}
		}
		for _, name := range c.Imports {
			if err := visit(name); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range above {
		if err := visit(name); err != nil {
			return 0, err
		}
	}
	size = 0
	for _, name := range chunks {
		if err := visit(name); err != nil {
			return 0, err
		}
	}
	return size, nil
}
