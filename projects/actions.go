package projects

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"strings"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/projects/agent"
	"lyceum/projects/files"
	"lyceum/terminal"
)

// Set implements query.Writer for file_actions, the end of terminals, and visits.
func (h *Host) Set(ctx context.Context, s query.Set) (app.Row, error) {
	switch {
	case s.Table == "file_actions" && s.Op == schema.Create:
		return h.fileAction(ctx, s)
	case s.Table == "terminals" && s.Op == schema.Delete:
		return h.endTerminal(ctx, s)
	case s.Table == "project_visits" && s.Op == schema.Create:
		return h.visit(ctx, s)
	}
	return nil, fmt.Errorf("set of %s (%v): nobody does this", s.Table, s.Op)
}

// fileAction notes the action, does it, and notes how it went. The answer is
// the row; an action that failed fails the set with the same sentence.
func (h *Host) fileAction(ctx context.Context, s query.Set) (app.Row, error) {
	if err := h.Own(ctx, text(s.Row, "project_id")); err != nil {
		return nil, err
	}
	id, row := s.ID, maps.Clone(s.Row)
	if s.Request != "" { // a repetition must find the first
		id = requestID(text(row, "account_id"), text(row, "project_id"), s.Request)
	} else if id == "" {
		id = app.NewID()
	}
	row["id"] = id
	_, err := h.o.Store.Write(ctx, app.Write{Table: "file_actions", ID: id, Row: row, IfRev: app.Absent})
	if errors.Is(err, app.ErrConflict) {
		return h.repeated(ctx, id)
	}
	if err != nil {
		return nil, fmt.Errorf("note a file action: %w", err)
	}
	client, err := h.Client(ctx, text(row, "project_id"))
	if err == nil {
		err = act(ctx, client, row)
	}
	if err == nil {
		err = h.tellDocuments(context.WithoutCancel(ctx), row)
	}
	done := app.Row{"finished": now()}
	if err != nil {
		_, message := app.Public(err)
		done["error"] = message
	}
	// It has happened: noted even if the one who asked has left.
	noted := h.update(context.WithoutCancel(ctx), "file_actions", id, func(row app.Row) error {
		maps.Copy(row, done)
		return nil
	})
	if err = errors.Join(err, noted); err != nil {
		return nil, err
	}
	maps.Copy(row, done)
	return row, nil
}

// tellDocuments lets documents follow what has happened to their files.
func (h *Host) tellDocuments(ctx context.Context, row app.Row) error {
	project, path := text(row, "project_id"), text(row, "path")
	switch action := text(row, "action"); {
	case action == "rename" && h.OnRenamed != nil:
		return h.OnRenamed(ctx, project, path, text(row, "to"))
	case action == "delete" && h.OnRemoved != nil:
		return h.OnRemoved(ctx, project, path)
	}
	return nil
}

func act(ctx context.Context, c files.Files, row app.Row) (err error) {
	path := text(row, "path")
	switch action := text(row, "action"); action {
	case "create_file":
		_, err = c.CreateFile(ctx, path)
	case "create_directory":
		_, err = c.Mkdir(ctx, path)
	case "rename":
		if text(row, "to") == "" {
			return app.Errorf(app.Invalid, "Please give the new name.")
		}
		_, err = c.Rename(ctx, path, text(row, "to"))
	case "delete":
		err = c.Remove(ctx, path)
	default:
		err = app.Errorf(app.Invalid, "The action %q is not known.", action)
	}
	return err
}

// repeated answers a request that has been carried out already.
func (h *Host) repeated(ctx context.Context, id string) (app.Row, error) {
	rec, err := h.o.Store.Get(ctx, "file_actions", id)
	if err != nil {
		return nil, err
	}
	if message := text(rec.Row, "error"); message != "" {
		return nil, app.Errorf(app.Conflict, "%s", message)
	}
	if number(rec.Row, "finished") == 0 {
		return nil, app.Errorf(app.Unavailable, "It is not known whether this was done. Please look, and try again if it was not.")
	}
	return rec.Row, nil
}

// requestID makes the same id of the same request.
func requestID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	const length = 26 // as app.NewID
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:length]
}

// endTerminal ends the shell, then its row.
func (h *Host) endTerminal(ctx context.Context, s query.Set) (app.Row, error) {
	if err := h.Own(ctx, text(s.Row, "project_id")); err != nil {
		return nil, err
	}
	if client, ok := h.Running(text(s.Row, "project_id")); ok {
		if err := client.EndTerminal(ctx, s.ID); err != nil {
			return nil, err
		}
	}
	if _, err := h.o.Store.Write(ctx, app.Write{Table: "terminals", ID: s.ID, IfRev: app.AnyRev}); err != nil {
		return nil, fmt.Errorf("delete a terminal: %w", err)
	}
	return s.Row, h.forgetTerminal(text(s.Row, "project_id"), s.ID)
}

// followTerminals writes into rows how shells end, as long as the connection
// lasts.
func (h *Host) followTerminals(ctx context.Context, project string, client *agent.Client) {
	for ctx.Err() == nil {
		select {
		case <-client.Closed():
			return
		default:
		}
		err := client.WatchTerminals(ctx, func(info terminal.Info) error { return h.noteTerminal(ctx, project, info) })
		if err == nil || ctx.Err() != nil || errors.Is(err, agent.ErrOld) {
			return
		}
		select {
		case <-client.Closed():
			return
		case <-ctx.Done():
			return
		case <-after(retryAfter):
		}
	}
}

// noteTerminal makes a row say what is true of its shell. The agent is not
// trusted: a terminal of another project is not its business.
func (h *Host) noteTerminal(ctx context.Context, project string, info terminal.Info) error {
	err := h.update(ctx, "terminals", info.ID, func(row app.Row) error {
		_, marked := row["ended"]
		if text(row, "project_id") != project || marked != info.Running {
			return errUnchanged // not its own, or the row says so already
		}
		if info.Running {
			delete(row, "ended")
			return nil
		}
		ended := app.Row{"time": now()}
		if info.Exit != nil && info.Exit.Signal != "" {
			ended["signal"] = shorten(info.Exit.Signal)
		} else if info.Exit != nil {
			ended["exit_code"] = int64(info.Exit.Code)
		}
		row["ended"] = ended
		return nil
	})
	if errors.Is(err, app.ErrNotFound) {
		return nil // a shell without a row
	}
	return err
}

// shorten bounds a word that comes from an agent.
func shorten(s string) string {
	const most = 32
	return strings.ToValidUTF8(s[:min(len(s), most)], "?")
}
