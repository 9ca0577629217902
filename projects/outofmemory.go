package projects

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"
	"unicode"

	"lyceum/app"
	"lyceum/app/durable"
	"lyceum/projects/sandbox"
)

// noticePause is the least time between two notices of one project that a program
// was ended: one that is started again and again would fill the store with them.
const noticePause = 5 * time.Second

// justNow is how long ago an agent may have seen the end of a program for it to be
// the one that the kernel has just ended.
const justNow = 2 * time.Second

// followKilled tells projects of the programs that the kernel ends because memory
// is full: from its log, or where that cannot be read from the counts of each
// project, which do not say which program it was. Both begin where the server before
// has ended.
func (h *Host) followKilled(ctx context.Context) {
	err := h.followLog(ctx)
	if ctx.Err() != nil {
		return
	}
	h.o.Log.Info("programs that are ended for want of memory are not always known by name", "part", "projects", "err", err)
	h.mu.Lock()
	h.unlogged = true
	var all []*connection
	for _, e := range h.entries {
		if e.agent != nil {
			all = append(all, e.agent)
		}
	}
	h.mu.Unlock()
	for _, c := range all {
		h.followFull(c)
	}
}

// logMark says which program of the kernel's log was the last that was told of.
type logMark struct {
	Boot   string `json:"boot"` // each boot has records of its own
	Record int64  `json:"record"`
	PID    int    `json:"pid,omitempty"` // a further record may be of it
}

// followLog follows the kernel's log from where the last server has read it. The
// first one begins at its end: what was before is nobody's.
func (h *Host) followLog(ctx context.Context) error {
	boot, err := sandbox.BootID()
	if err != nil {
		return err
	}
	var mark logMark
	name := filepath.Join(h.runFolder(), "kernel-log.json")
	if data, err := os.ReadFile(name); err != nil || json.Unmarshal(data, &mark) != nil || mark.Boot != boot {
		last, err := sandbox.LastRecord(h.o.KernelLog)
		if err != nil {
			return err
		}
		mark = logMark{Boot: boot, Record: last}
		h.writeMark(name, mark)
	}
	return sandbox.FollowKilled(ctx, h.o.KernelLog, sandbox.Killed{Record: mark.Record, PID: mark.PID}, func(k sandbox.Killed) {
		if c := h.having(k); c != nil {
			h.outOfMemory(c.project, k.Program, k.Time)
		}
		h.writeMark(name, logMark{boot, k.Record, k.PID})
	})
}

// writeMark writes what a later server must know so that it tells nothing twice.
func (h *Host) writeMark(name string, mark any) {
	data, err := json.Marshal(mark)
	if err = errors.Join(err, durable.WriteFile(name, data)); err != nil {
		h.o.Log.Warn("programs that were ended for want of memory may be told twice", "part", "projects", "path", name, "err", err)
	}
}

// having returns the project of a program that was ended, nil if it is another's.
func (h *Host) having(k sandbox.Killed) *connection {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.entries {
		if e.agent != nil && e.agent.process.Has(k) {
			return e.agent
		}
	}
	return nil
}

// followFull does for one project what the kernel's log does for all, if that
// cannot be read.
func (h *Host) followFull(c *connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.unlogged || c.counted {
		return
	}
	c.counted = h.taskLocked(func(ctx context.Context) {
		name, seen := filepath.Join(c.folder, fullName), int64(0)
		if data, err := os.ReadFile(name); err == nil {
			_ = json.Unmarshal(data, &seen) // 0 tells once more
		}
		err := c.process.FollowFull(ctx, seen, func(count int64) {
			h.outOfMemory(c.project, seenKilled(ctx, c), time.Now())
			h.writeMark(name, count)
		})
		if ctx.Err() == nil && !errors.Is(err, sandbox.ErrUncounted) && !errors.Is(err, context.Canceled) {
			h.o.Log.Warn("programs that are ended for want of memory are not noticed", "project", c.project, "err", err)
		}
	})
}

// fullName is a file in the run folder that says how many ends of programs a
// project was told of.
const fullName = "full.json"

// seenKilled returns the program whose end the agent sees now, "" if none: it was
// not the agent that waited for it. The kernel counts before it has ended.
func seenKilled(ctx context.Context, c *connection) string {
	const looks, pause = 10, 50 * time.Millisecond
	for range looks {
		u, err := c.client().Usage(ctx)
		if err != nil {
			return ""
		}
		if u.Killed != nil && now()-u.Killed.Time < justNow.Milliseconds() {
			return u.Killed.Program
		}
		select {
		case <-after(pause):
		case <-ctx.Done():
			return ""
		}
	}
	return ""
}

// outOfMemory notes in the row of a project that a program of it was ended; ""
// where nobody knows which. It never blocks.
func (h *Host) outOfMemory(project, program string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(project)
	e.killed.last = app.Row{"time": at.UnixMilli()}
	if program != "" {
		e.killed.last["program"] = printable(program)
	}
	if !e.killed.working {
		e.killed.working = h.taskLocked(func(ctx context.Context) { h.noteKilled(ctx, e) })
	}
}

// noteKilled writes the last notice, and again after a pause if there is a newer.
func (h *Host) noteKilled(ctx context.Context, e *entry) {
	for {
		h.mu.Lock()
		notice := e.killed.last
		e.killed.last = nil
		if notice == nil || ctx.Err() != nil {
			e.killed.working = false
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		limits, err := h.limitsOf(ctx, e.id)
		if err == nil && limits.MemoryBytes > 0 {
			notice["memory_bytes"] = limits.MemoryBytes // an administrator may raise it before somebody reads this
		}
		err = h.update(ctx, "projects", e.id, func(row app.Row) error {
			row["out_of_memory"] = notice
			return nil
		})
		if err != nil && ctx.Err() == nil {
			h.o.Log.Warn("a program ended for want of memory, and that is not noted", "project", e.id, "err", err)
		}
		select {
		case <-after(noticePause):
		case <-ctx.Done():
		}
	}
}

// maxProgram bounds the name of a program. The kernel's have 15 characters; an
// agent says what it likes.
const maxProgram = 64

// printable makes what a project calls its programs fit to be shown.
func printable(name string) string {
	out := []rune(name[:min(len(name), maxProgram)])
	for i, r := range out {
		if !unicode.IsPrint(r) {
			out[i] = unicode.ReplacementChar
		}
	}
	return string(out)
}
