package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// goParts are the modules that server, agent and network helper are linked from, and Go itself.
func goParts(root string) ([]part, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Module,Standard", ".", "./projects/agent/lyceum-agent", "./projects/network/lyceum-network")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the Go packages: %w", err)
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("find Go: %w", err)
	}
	// No version: each developer's newest patch of Go would change the file.
	parts := []part{{name: "Go's standard library", folder: strings.TrimSpace(string(goroot))}}
	seen := map[string]bool{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return parts, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the list of Go packages: %w", err)
		}
		if m := pkg.Module; m != nil && !m.Main && !seen[m.Path] {
			seen[m.Path] = true
			parts = append(parts, part{name: m.Path, version: m.Version, folder: m.Dir})
		}
	}
}

// npmParts are the packages that the pages are bundled from: those of the lock
// file that are not for development and not only types.
func npmParts(frontend string) ([]part, error) {
	data, err := os.ReadFile(filepath.Join(frontend, "package-lock.json"))
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct {
			Version, License string
			Dev, Optional    bool
		}
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		return nil, fmt.Errorf("read package-lock.json: %w", err)
	}
	var parts []part
	for path, p := range lock.Packages {
		_, name, found := strings.Cut(path, "node_modules/")
		if !found || p.Dev || p.Optional || strings.HasPrefix(name, "@types/") {
			continue
		}
		parts = append(parts, part{
			name: name, version: p.Version, licence: p.License,
			folder: filepath.Join(frontend, path),
		})
	}
	return parts, nil
}
