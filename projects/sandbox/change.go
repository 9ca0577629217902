package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox/stage"
)

// Bounded reports whether memory, processes and processors are bounded for the
// whole project, by cgroups. Else the bounds of memory and processes are those of
// each program, which the agent gives to those that it starts.
func (p *Process) Bounded() bool { return len(p.handle.Cgroups) > 0 }

// SetLimits changes the bounds of a sandbox that runs. unmet says in sentences
// what cannot hold yet; what can be has been set all the same.
//
// Memory that is lowered below what is in use: with cgroups of the second
// generation the kernel ends programs until it holds; with the first it refuses,
// and the bound stays as it was.
func (p *Process) SetLimits(ctx context.Context, l Limits) (unmet []string, err error) {
	g := group{p.handle.Cgroups}
	if p.Bounded() {
		sentence, err := g.bound(ctx, l)
		if err != nil {
			return nil, fmt.Errorf("set limits: %w", err)
		}
		if sentence != "" {
			unmet = append(unmet, sentence)
		}
		switch err := g.openFiles(uint64(l.OpenFiles)); {
		case errors.Is(err, unix.EPERM): // root without CAP_SYS_RESOURCE, as in a container
			unmet = append(unmet, "Programs that run keep the number of files that they may have open; the new number holds in new terminals.")
		case err != nil:
			return nil, fmt.Errorf("set limits: %w", err)
		}
	}
	if p.handle.Mode.ownUID() {
		return unmet, p.setPTYs(l.ptys())
	}
	return unmet, nil
}

// openFiles sets how many files each program may have open that runs now; those
// that it starts inherit it. One that ends or starts meanwhile does no harm: those
// of the shim have the new number.
func (g group) openFiles(n uint64) error {
	path, ok := g.find("user/cgroup.procs")
	if !ok {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for field := range strings.FieldsSeq(string(data)) {
		pid, err := strconv.Atoi(field)
		if err != nil || pid <= 0 || hasOpenFiles(pid, n) { // 0: of a pid namespace that we do not see
			continue
		}
		err = unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: n}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("set the open files of process %d: %w", pid, err)
		}
	}
	return nil
}

// hasOpenFiles reports whether a process may have so many files open already. To
// read it from the kernel one needs the right to change it.
func hasOpenFiles(pid int, n uint64) bool {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid)) // gone: nothing to change
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			fields := strings.Fields(rest)
			want := strconv.FormatUint(n, 10)
			return len(fields) > 1 && fields[0] == want && fields[1] == want
		}
	}
	return true
}

// setPTYs changes how many pseudo-terminals the sandbox may have. Those that are
// open stay.
func (p *Process) setPTYs(n int64) error {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", p.handle.PID), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("find the root of process %d: %w", p.handle.PID, err)
	}
	defer unix.Close(root)
	// It lives, so the number was its own: the terminals of the host are not meant.
	if err := p.control(func(fd int) error { return unix.PidfdSendSignal(fd, 0, nil, 0) }); err != nil {
		return fmt.Errorf("find the root of process %d: %w", p.handle.PID, err)
	}
	fs, err := unix.Fspick(root, "dev/pts", unix.FSPICK_CLOEXEC)
	if err != nil {
		return fmt.Errorf("find the terminals of process %d: %w", p.handle.PID, err)
	}
	defer unix.Close(fs)
	options := stage.DevptsOptions(n)
	for i := 0; i+1 < len(options); i += 2 {
		if err := unix.FsconfigSetString(fs, options[i], options[i+1]); err != nil {
			return fmt.Errorf("set %s of /dev/pts: %w", options[i], err)
		}
	}
	if err := unix.FsconfigReconfigure(fs); err != nil {
		return fmt.Errorf("change /dev/pts: %w", err)
	}
	return nil
}
