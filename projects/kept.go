package projects

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lyceum/app"
	"lyceum/app/durable"
	"lyceum/projects/agent"
	"lyceum/terminal"
)

const (
	// keptTotal bounds what the terminals of one project keep on the server's
	// disk, where no quota of the project counts it. They share it.
	keptTotal = 32 << 20
	// keepTime bounds the keeping of all terminals before a stop.
	keepTime = 3 * time.Second
)

// What terminals have shown lies beside the project's home, where only the server
// can go: nothing in the project can put a link in its way.
func (h *Host) keptFolder(project string) string {
	return filepath.Join(h.o.Data, "projects", project, "terminals")
}

// The first byte of a kept file says whether it has the terminal's last one.
const (
	keptExact   = '='
	keptEarlier = '~'
)

// keepTerminals saves what terminals have shown, of those that have printed since
// the last time. exact says that nothing more will be printed.
func (h *Host) keepTerminals(ctx context.Context, c *connection, exact bool) error {
	c.keeping.Lock()
	defer c.keeping.Unlock()
	if c.kept == nil {
		c.kept = make(map[string]int64)
	}
	client := c.client()
	infos, err := client.Terminals(ctx)
	if err != nil {
		return err
	}
	rows, err := h.terminalRows(ctx, c.project)
	if err != nil || len(rows) == 0 {
		return err
	}
	folder := h.keptFolder(c.project)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of terminals: %w", err)
	}
	most := min(terminal.KeptSize, keptTotal/int64(len(rows)))
	var failed error
	for _, info := range infos {
		if rows[info.ID] == nil || !exact && c.kept[info.ID] == info.End {
			continue // the agent makes names up, or there is nothing new
		}
		data, err := client.Kept(ctx, info.ID, most)
		if err == nil {
			mark := byte(keptEarlier)
			if exact {
				mark = keptExact
			}
			err = durable.WriteFile(filepath.Join(folder, info.ID), append([]byte{mark}, data...))
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("keep terminal %s: %w", info.ID, err))
			continue
		}
		c.kept[info.ID] = info.End
	}
	return failed
}

// keepLast saves what the terminals of a project have shown that is being stopped.
func (h *Host) keepLast(ctx context.Context, id string, exact bool) {
	h.mu.Lock()
	c := h.entryLocked(id).agent
	h.mu.Unlock()
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, keepTime)
	defer cancel()
	if err := h.keepTerminals(ctx, c, exact); err != nil {
		h.o.Log.Warn("terminals not kept", "project", id, "err", err)
	}
}

// terminalRows returns the rows of a project's terminals by id.
func (h *Host) terminalRows(ctx context.Context, project string) (map[string]app.Row, error) {
	rows := make(map[string]app.Row)
	r := app.Range{Table: "terminals", Index: "project", Prefix: []any{project}}
	for {
		page, err := h.o.Store.Read(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("read terminals: %w", err)
		}
		for _, rec := range page.Records {
			rows[rec.ID] = rec.Row
		}
		if page.Next == nil {
			return rows, nil
		}
		r.After = page.Next
	}
}

// markTerminals writes into the rows of terminals whose shells ran that they have
// ended with the project.
func (h *Host) markTerminals(ctx context.Context, project, why string) error {
	rows, err := h.terminalRows(ctx, project)
	if err != nil {
		return err
	}
	for id, row := range rows {
		if row["ended"] != nil {
			continue
		}
		err := h.update(ctx, "terminals", id, func(row app.Row) error {
			if row["ended"] != nil {
				return errUnchanged
			}
			row["ended"] = app.Row{"time": now(), "reason": why}
			return nil
		})
		if err != nil && !errors.Is(err, app.ErrNotFound) {
			return err
		}
	}
	return nil
}

// Recall gives the agent what a terminal has shown in an earlier one, before
// somebody looks at it: its shell has ended, and Enter starts another. What cannot
// be recalled is a new terminal.
func (h *Host) Recall(ctx context.Context, client *agent.Client, id string, row app.Row) {
	ended := object(row, "ended")
	if ended == nil || filepath.Base(id) != id {
		return
	}
	project := text(row, "project_id")
	past := terminal.Past{Reason: text(ended, "reason")}
	if past.Reason == "" {
		past.Reason = "The shell had ended before its project did."
	} else {
		at := time.UnixMilli(number(ended, "time")).Format("2006-01-02 15:04 MST")
		past.Line = fmt.Sprintf("[%s: %s]", at, past.Reason)
	}
	data, err := os.ReadFile(filepath.Join(h.keptFolder(project), id))
	if len(data) > 0 {
		past.Exact, data = data[0] == keptExact, data[1:]
	}
	if errors.Is(err, os.ErrNotExist) {
		err = nil // it has not printed anything, or was never kept
	}
	if err = errors.Join(err, client.Restore(ctx, id, data, past)); err != nil && ctx.Err() == nil {
		h.o.Log.Warn("terminal not recalled", "project", project, "id", id, "err", err)
	}
}

// forgetTerminal removes what a terminal has shown. Its row is gone, so nothing of
// it is kept any more; what is just being kept is waited for.
func (h *Host) forgetTerminal(project, id string) error {
	if filepath.Base(id) != id {
		return nil
	}
	h.mu.Lock()
	c := h.entryLocked(project).agent
	h.mu.Unlock()
	if c != nil {
		c.keeping.Lock()
		defer c.keeping.Unlock()
	}
	err := os.Remove(filepath.Join(h.keptFolder(project), id))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
