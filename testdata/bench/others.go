package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lyceum/app"
)

// other is a program that starts a shell in a sandbox, or why there is none.
type other struct {
	name    string
	argv    func(run int) []string
	clean   func(run int) error // removes what a run leaves; may be nil
	missing string              // a few words; "": it is there
}

// others returns what the start of a project is measured against. Those that
// cannot run here say so.
func (l *lab) others() ([]other, error) {
	bundle := filepath.Join(l.folder, "runc")
	if err := writeBundle(bundle); err != nil {
		return nil, err
	}
	state := []string{"--root", filepath.Join(l.folder, "runc-state")}
	id := func(run int) string { return fmt.Sprintf("lyceum-bench-%d-%d", os.Getpid(), run+1) }
	all := []other{
		{name: "bwrap --unshare-all", argv: func(int) []string { return append([]string{"bwrap"}, strings.Fields(bwrapArguments)...) }},
		{
			name: "runc run",
			argv: func(run int) []string {
				return slices.Concat([]string{"runc"}, state, []string{"run", "--bundle", bundle, id(run)})
			},
			clean: func(run int) error {
				out, err := exec.Command("runc", slices.Concat(state, []string{"delete", "--force", id(run)})...).CombinedOutput()
				if err != nil {
					return fmt.Errorf("runc delete: %w: %s", err, out)
				}
				return nil
			},
		},
		{name: "bare bash", argv: func(int) []string { return []string{"/bin/bash"} }},
	}
	for i := range all {
		o := &all[i]
		path, err := exec.LookPath(o.argv(0)[0])
		if err != nil {
			o.missing = "not installed"
			continue
		}
		argv := o.argv
		o.argv = func(run int) []string { return append([]string{path}, argv(run)[1:]...) }
		if _, err := o.start(-1); err != nil {
			o.missing = "cannot run here"
		}
	}
	return all, nil
}

// start measures one start.
func (o other) start(run int) (time.Duration, error) {
	took, err := startOther(o.argv(run))
	if err == nil && o.clean != nil {
		err = o.clean(run)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", o.name, err)
	}
	return took, nil
}

const bwrapArguments = "--unshare-all --die-with-parent --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 " +
	"--ro-bind-try /etc/bash.bashrc /etc/bash.bashrc --proc /proc --dev /dev --tmpfs /tmp --chdir / /bin/bash"

// writeBundle writes what runc runs: bash with the host's programs, in namespaces
// of its own and a cgroup.
func writeBundle(folder string) error {
	root := filepath.Join(folder, "rootfs")
	for _, dir := range []string{"usr", "proc", "dev", "tmp", "etc"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"bin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+dir, filepath.Join(root, dir)); err != nil {
			return err
		}
	}
	mount := func(kind, source, destination string, options ...string) app.Row {
		return app.Row{"type": kind, "source": source, "destination": destination, "options": options}
	}
	var namespaces []app.Row
	for _, kind := range []string{"pid", "network", "ipc", "uts", "mount", "cgroup"} {
		namespaces = append(namespaces, app.Row{"type": kind})
	}
	config, err := json.Marshal(app.Row{
		"ociVersion": "1.0.2",
		"process": app.Row{
			"terminal": true, "user": app.Row{"uid": 0, "gid": 0}, "args": []string{"/bin/bash"}, "cwd": "/",
			"env": []string{"PATH=/usr/bin:/bin", "TERM=xterm-256color", "LANG=C.UTF-8"}, "noNewPrivileges": true,
		},
		"root": app.Row{"path": "rootfs"}, "hostname": "bench",
		"mounts": []app.Row{
			mount("bind", "/usr", "/usr", "bind", "ro"), mount("proc", "proc", "/proc"), mount("tmpfs", "tmpfs", "/dev", "mode=755"),
			mount("devpts", "devpts", "/dev/pts", "newinstance", "ptmxmode=0666", "mode=0620"), mount("tmpfs", "tmpfs", "/tmp"),
		},
		"linux": app.Row{"namespaces": namespaces},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "config.json"), config, 0o600)
}
