package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// makeInitrd packs the program inside, its plan and the modules.
func makeInitrd(ctx context.Context, work string, k kernel, p Plan) (string, error) {
	program := filepath.Join(work, "init")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./testdata/vm/inside")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program inside: %w\n%s", err, out)
	}
	var a archive
	a.folder("dev")
	a.folder("modules")
	code, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	a.file("init", 0o755, code)
	files, err := k.moduleFiles()
	if err != nil {
		return "", err
	}
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("%02d-%s", i, filepath.Base(file))
		p.Modules = append(p.Modules, name)
		a.file("modules/"+name, 0o644, data)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	a.file("plan.json", 0o644, data)
	path := filepath.Join(work, "initrd")
	return path, os.WriteFile(path, a.end(), 0o644)
}

// archive is a cpio of the kind that the kernel unpacks ("newc").
type archive struct {
	data  bytes.Buffer
	inode int
}

const (
	cpioFile   = 0o100000
	cpioFolder = 0o040000
)

func (a *archive) folder(name string)                         { a.add(name, cpioFolder|0o755, nil) }
func (a *archive) file(name string, mode int, content []byte) { a.add(name, cpioFile|mode, content) }

func (a *archive) add(name string, mode int, content []byte) {
	a.inode++
	fmt.Fprintf(&a.data, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
	a.data.WriteString(name + "\x00")
	a.align()
	a.data.Write(content)
	a.align()
}

func (a *archive) align() {
	for a.data.Len()%4 != 0 {
		a.data.WriteByte(0)
	}
}

func (a *archive) end() []byte {
	a.add("TRAILER!!!", 0, nil)
	return a.data.Bytes()
}
