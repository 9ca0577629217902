package projects

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects/agent"
	"lyceum/projects/sandbox"
	"lyceum/projects/sandbox/stage"
)

// saveTime is how long documents may take to be saved before a stop.
const saveTime = 5 * time.Second

// prepareTime bounds the moment that programs get to end by themselves.
const prepareTime = 3 * time.Second

// startStep starts a project's agent. An error of the start itself is the
// answer to the request; one of the store is returned.
func (h *Host) startStep(ctx context.Context, id string, r request, row app.Row) error {
	h.forgetReasons(id)
	if err := h.setState(ctx, id, starting, ""); err != nil {
		return err
	}
	began := time.Now()
	c, err := h.startAgent(ctx, id, row)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // the next server takes the request up
		}
		h.o.Log.Error("project not started", "project", id, "err", err)
		message := whyNotStarted(err)
		return errors.Join(h.markRequest(ctx, id, r, app.Row{"error": message, "finished": now()}),
			h.setState(ctx, id, stopped, message))
	}
	h.mu.Lock()
	e := h.entryLocked(id)
	e.agent, e.lost = c, ""
	h.mu.Unlock()
	h.o.Log.Info("project started", "project", id, "duration", time.Since(began))
	h.attend(c)
	return h.setState(ctx, id, running, "")
}

// failStart ends a request whose agent has ended before it was finished: one that
// always does would be started without end.
func (h *Host) failStart(ctx context.Context, id string, r request) error {
	why := h.whyLost(id)
	if why == "" {
		why = endedMessage
	}
	return errors.Join(h.markRequest(ctx, id, r, app.Row{"error": why, "finished": now()}), h.setState(ctx, id, stopped, why))
}

// whyNotStarted says it to the project's people, who can see no log.
func whyNotStarted(err error) string {
	kind, message := app.Public(err)
	switch {
	case kind != app.Internal:
		return message
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return "The project could not be started, because the disk of the server is full. Please tell the administrator."
	}
	return "The project could not be started. The server's log has the details."
}

// startAgent makes the folders of a project, and starts and greets its agent.
func (h *Host) startAgent(ctx context.Context, id string, row app.Row) (_ *connection, err error) {
	uid := 0
	if h.o.Sandbox.OwnUID() {
		if uid, err = h.uid(ctx, id, row); err != nil {
			return nil, err
		}
	}
	home, tmp, err := h.projectFolders(id, uid)
	if err != nil {
		return nil, err
	}
	if err := h.disks.begin(ctx, id, uid); err != nil {
		return nil, err
	}
	folder, err := newRunFolder(h.o.Data)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	rec := record{Project: id, Secret: rand.Text()}
	// Noted before they exist: a server that is killed now leaves them.
	rec.Process.Cgroups = h.o.Sandbox.Cgroups(filepath.Base(folder))
	if err := writeRecord(folder, rec); err != nil {
		return nil, err
	}
	listener, err := listen(folder)
	if err != nil {
		return nil, fmt.Errorf("make the agent's socket: %w", err)
	}
	defer listener.Close()
	if rec.Socket, err = socketOf(folder); err != nil {
		return nil, err
	}
	limits, err := h.limitsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	config := agent.Config{Project: id, Secret: rec.Secret, Home: stage.Home, Scratch: "/tmp", Terminals: int(limits.Terminals)}
	if h.o.Sandbox.Mode() == sandbox.None {
		config.Home, config.Scratch = home, tmp
	}
	data, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	process, err := h.o.Sandbox.Start(ctx, sandbox.Spec{
		Name: filepath.Base(folder), UID: uid, Home: home, Tmp: tmp, Listener: listener, Config: data, Limits: limits,
		Network: limits.Network == sandbox.Filtered && h.o.Network != nil,
	})
	if err != nil {
		return nil, err
	}
	c := &connection{project: id, folder: folder, process: process, refuse: h.disks.refuser(id),
		hello: agent.Hello{Project: id, Secret: rec.Secret, Generation: h.generation}}
	rec.Process = process.Handle()
	if err = errors.Join(writeRecord(folder, rec), c.dial(ctx)); err != nil {
		// The start has failed also when ctx has ended: nothing may be left.
		return nil, errors.Join(err, c.kill(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// projectFolders makes home and tmp of a project, owned by its uid. They lie
// where only the server can go.
func (h *Host) projectFolders(id string, uid int) (home, tmp string, err error) {
	base := filepath.Join(h.o.Data, "projects", id)
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", "", fmt.Errorf("make the folder of a project: %w", err)
	}
	home, tmp = filepath.Join(base, "home"), filepath.Join(base, "tmp")
	for _, folder := range []struct {
		path string
		mode os.FileMode
	}{{home, 0o700}, {tmp, 0o700 | os.ModeSticky}} {
		err := os.Mkdir(folder.path, folder.mode)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err == nil && h.o.Sandbox.OwnUID() {
			err = os.Lchown(folder.path, uid, uid)
		}
		if err != nil {
			return "", "", fmt.Errorf("make the folder of a project: %w", err)
		}
	}
	return home, tmp, nil
}

// stopStep ends a project's agent: documents first, then programs, then all.
func (h *Host) stopStep(ctx context.Context, id string) error {
	if err := h.setState(ctx, id, stopping, ""); err != nil {
		return err
	}
	if client, ok := h.Running(id); ok {
		if h.BeforeStop != nil {
			saving, cancel := context.WithTimeout(ctx, saveTime)
			h.BeforeStop(saving, id)
			cancel()
		}
		if err := h.markTerminals(ctx, id, whyStopping); err != nil {
			return err
		}
		preparing, cancel := context.WithTimeout(ctx, prepareTime)
		err := client.Prepare(preparing)
		if err != nil {
			h.o.Log.Warn("programs not asked to end", "project", id, "err", err)
		}
		cancel()
		h.keepLast(ctx, id, err == nil)
	}
	if err := h.end(ctx, id); err != nil {
		return err
	}
	return h.setState(ctx, id, stopped, h.whyStopped(id))
}

// end kills the agent of a project, if there is one.
func (h *Host) end(ctx context.Context, id string) error {
	c := h.detach(id, "")
	if c == nil {
		return nil
	}
	if err := c.kill(ctx); err != nil {
		h.mu.Lock()
		h.entryLocked(id).agent = c // to be tried again
		h.mu.Unlock()
		return fmt.Errorf("end the agent: %w", err)
	}
	return nil
}
