package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lyceum/app"
)

// settle is how long a process is left alone before its memory is read.
const settle = 2 * time.Second

// memory measures the idle server, makes the first account and a project, and
// measures that.
func (l *lab) memory(ctx context.Context) error {
	time.Sleep(settle)
	if err := l.resident("idle server, just started", l.server.cmd.Process.Pid); err != nil {
		return err
	}
	token, err := l.server.printed(ctx, firstLine)
	if err != nil {
		return err
	}
	if l.ada, err = l.server.signUp(ctx, token, "Ada"); err != nil {
		return err
	}
	if l.tab, err = l.ada.open(ctx); err != nil {
		return err
	}
	if l.project, err = l.tab.create("projects", app.Row{"title": "Bench"}); err != nil {
		return err
	}
	if err := l.tab.move(l.project, "start", "running"); err != nil {
		return err
	}
	sh, err := l.terminal(ctx)
	if err != nil {
		return err
	}
	sh.close()
	time.Sleep(settle)
	agents, shells, err := l.processes()
	if err != nil {
		return err
	}
	if err := l.resident("agent of an idle project", agents...); err != nil {
		return err
	}
	return l.resident("shell (bash) of an idle project", shells...)
}

func (l *lab) memoryAfter(context.Context) error {
	time.Sleep(settle)
	return l.resident("server, after all of the above", l.server.cmd.Process.Pid)
}

// terminal opens a new terminal of the project and waits for its prompt.
func (l *lab) terminal(ctx context.Context) (*shell, error) {
	id, err := l.tab.create("terminals", app.Row{"project_id": l.project, "title": "Terminal"})
	if err != nil {
		return nil, err
	}
	sh, err := l.ada.watch(ctx, l.project, id)
	if err != nil {
		return nil, err
	}
	return sh, sh.until(prompt)
}

// resident adds the rows of some processes together.
func (l *lab) resident(what string, pids ...int) error {
	var total, shared int64
	for _, pid := range pids {
		pss, rss, err := residentOf(pid)
		if err != nil {
			return err
		}
		total += pss
		shared += rss
	}
	l.table.add("memory of the "+what+", PSS", mebibytes(total))
	l.table.add("memory of the "+what+", RSS", mebibytes(shared))
	return nil
}

// residentOf reads the memory of a process.
func residentOf(pid int) (pss, rss int64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != "kB" {
			continue
		}
		n, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return 0, 0, err
		}
		switch fields[0] {
		case "Pss:":
			pss += n << 10
		case "Rss:":
			rss += n << 10
		}
	}
	return pss, rss, nil
}

func pss(pid int) (int64, error) {
	n, _, err := residentOf(pid)
	return n, err
}

// processes returns what runs in projects: below the server, which has started
// it.
func (l *lab) processes() (agents, shells []int, err error) {
	return processesBelow(l.server.cmd.Process.Pid)
}

func processesBelow(server int) (agents, shells []int, err error) {
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, nil, err
	}
	names := map[int]string{}
	for _, name := range stats {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (name) state parent …, where the name may have anything in it
		text := string(data)
		open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
		pid, err1 := strconv.Atoi(strings.TrimSpace(text[:open]))
		parent, err2 := strconv.Atoi(strings.Fields(text[end+1:])[1])
		if err1 != nil || err2 != nil {
			return nil, nil, fmt.Errorf("%s is not understood: %s", name, text)
		}
		names[pid] = text[open+1 : end]
		children[parent] = append(children[parent], pid)
	}
	for below := children[server]; len(below) > 0; below = below[1:] {
		pid := below[0]
		below = append(below, children[pid]...)
		if names[pid] == "bash" || names[pid] == "sh" {
			shells = append(shells, pid)
		} else {
			agents = append(agents, pid)
		}
	}
	if len(agents) == 0 || len(shells) == 0 {
		return nil, nil, fmt.Errorf("found %d agents and %d shells below the server", len(agents), len(shells))
	}
	return agents, shells, nil
}
