package projects

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"lyceum/app"
	"lyceum/projects/agent"
	"lyceum/projects/sandbox"
)

// connection is an agent that runs and the server's way to it.
type connection struct {
	project string
	folder  string // run/<8 hex>
	hello   agent.Hello
	process *sandbox.Process
	counted bool         // followFull follows it; guarded by Host.mu
	refuse  func() error // why nothing that takes space is done, nil if it is

	mu      sync.Mutex
	current *agent.Client
	keeper  *keeper // of its network; nil: none yet

	online atomic.Bool // it has a network

	keeping sync.Mutex       // of terminals
	kept    map[string]int64 // how much they had printed then; nil: not yet
}

func (c *connection) client() *agent.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

func (c *connection) dial(ctx context.Context) error {
	return socketPath(c.folder, func(path string) error {
		client, err := agent.Dial(ctx, path, c.hello)
		if err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		client.Refuse = c.refuse
		c.current = client
		return nil
	})
}

// close lets go of the agent, which goes on.
func (c *connection) close() {
	if client := c.client(); client != nil {
		_ = client.Close() // the agent notices
	}
	c.process.Close()
}

// kill ends the agent with all it has started and removes its traces. It may be
// called again if it fails.
func (c *connection) kill(ctx context.Context) error {
	if client := c.client(); client != nil {
		_ = client.Close() // nothing more to say
	}
	c.mu.Lock()
	k := c.keeper
	c.mu.Unlock()
	k.stop()
	if err := errors.Join(endHelper(ctx, c.folder), c.process.Kill(ctx)); err != nil {
		return err // a later server must still find it
	}
	return os.RemoveAll(c.folder)
}

// adoptTime bounds the search for one agent at the start.
const adoptTime = 10 * time.Second

// adoptAll finds the agents of earlier servers. One that does not answer, or
// answers wrongly, is ended: its project will be started again when somebody
// opens it. One of another version goes on, with what both understand.
func (h *Host) adoptAll(ctx context.Context) error {
	folders, err := runFolders(h.o.Data)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, folder := range folders {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, adoptTime)
			defer cancel()
			if err := h.adopt(ctx, folder); err != nil {
				h.o.Log.Warn("agent not taken over", "part", "projects", "path", folder, "err", err)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

func (h *Host) adopt(ctx context.Context, folder string) error {
	r, err := readRecord(folder)
	if err != nil {
		return errors.Join(err, os.RemoveAll(folder)) // a start that did not get far
	}
	if r.copied(folder) {
		return errors.Join(errCopied, os.RemoveAll(folder))
	}
	if err := h.Own(ctx, r.Project); app.IsKind(err, app.Elsewhere) {
		_, ended := endFolder(ctx, folder, r)
		return errors.Join(err, ended)
	}
	process, err := find(ctx, folder, r)
	if errors.Is(err, sandbox.ErrGone) {
		if err := h.gone(ctx, r.Project, errors.Is(err, sandbox.ErrRebooted)); err != nil {
			return err // the folder stays: the next server knows of it
		}
		return errors.Join(endHelper(ctx, folder), sandbox.Forget(r.Process), os.RemoveAll(folder))
	}
	if err != nil {
		return err
	}
	c := &connection{project: r.Project, folder: folder, process: process, refuse: h.disks.refuser(r.Project),
		hello: agent.Hello{Project: r.Project, Secret: r.Secret, Generation: h.generation}}
	switch err := c.dial(ctx); {
	case errors.Is(err, agent.ErrVersion):
		c.current = agent.Mute(errMute)
	case err != nil:
		h.mu.Lock()
		h.entryLocked(r.Project).lost = "The project did not answer when the server was started again, and was stopped."
		h.mu.Unlock()
		return errors.Join(err, h.markTerminals(ctx, r.Project, endedMessage), c.kill(ctx))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(r.Project)
	if e.agent != nil {
		return fmt.Errorf("a second agent of project %s: %w", r.Project, c.kill(ctx))
	}
	e.agent = c
	return nil
}

var errCopied = errors.New("the folder is a copy; its project runs elsewhere, or ran")

// find returns the process of a record. An agent whose process was not noted,
// because its server was killed at that moment, is asked to end.
func find(ctx context.Context, folder string, r record) (*sandbox.Process, error) {
	if r.Process.PID != 0 {
		return sandbox.Find(r.Process)
	}
	const anyGeneration = 1<<63 - 1
	err := socketPath(folder, func(path string) error {
		client, err := agent.Dial(ctx, path, agent.Hello{Project: r.Project, Secret: r.Secret, Generation: anyGeneration})
		if err != nil {
			return err
		}
		defer client.Close()
		return client.End(ctx)
	})
	return nil, errors.Join(sandbox.ErrGone, err)
}

// reconnectTime is how long a connection that was lost is tried again while the
// process lives; a machine that is out of memory recovers within it.
const reconnectTime = 10 * time.Second

// An agent that breaks its connection again and again would keep the server
// busy: more than maxBreaks in a row, each within steadyTime, end it.
const (
	steadyTime = 30 * time.Second
	maxBreaks  = 10
)

const endedMessage = "The project has ended unexpectedly."

// attend watches over an agent until it ends, is stopped, or Run ends.
func (h *Host) attend(c *connection) {
	h.followFull(c)
	h.limitsChanged(c.project) // they may have changed since they were read for the start, or while no server ran
	h.keepNetwork(c)
	h.task(func(ctx context.Context) { h.watchIdle(ctx, c) })
	h.task(func(ctx context.Context) {
		if h.OnRunning != nil {
			h.OnRunning(c.project)
		}
		breaks := 0
		for {
			client, since := c.client(), time.Now()
			h.task(func(ctx context.Context) { h.followTerminals(ctx, c.project, client) })
			select {
			case <-ctx.Done():
				return
			case <-c.process.Done():
				h.lose(ctx, c, endedMessage)
				return
			case <-client.Closed():
			}
			if !h.attended(c) {
				return // it is being stopped
			}
			if breaks++; time.Since(since) > steadyTime {
				breaks = 0
			}
			if breaks > maxBreaks {
				h.o.Log.Warn("agent breaks its connections", "project", c.project)
				h.lose(ctx, c, "The project broke off its connection to the server again and again, and was stopped.")
				return
			}
			err := h.reconnect(ctx, c)
			if errors.Is(err, sandbox.ErrGone) {
				h.lose(ctx, c, endedMessage)
				return
			}
			if err != nil && ctx.Err() == nil {
				h.o.Log.Warn("agent lost", "project", c.project, "err", err)
				h.lose(ctx, c, "The project did not answer any more and was stopped.")
				return
			}
			h.wake(c.project)
		}
	})
}

func (h *Host) reconnect(ctx context.Context, c *connection) error {
	ctx, cancel := context.WithTimeout(ctx, reconnectTime)
	defer cancel()
	pause := 50 * time.Millisecond
	for {
		err := c.dial(ctx)
		if err == nil || errors.Is(err, agent.ErrRefused) {
			return err
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		case <-c.process.Done():
			return sandbox.ErrGone
		case <-ctx.Done():
			return err
		}
	}
}

// attended reports whether c is still the agent of its project.
func (h *Host) attended(c *connection) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entries[c.project]
	return e != nil && e.agent == c
}

// take away the agent of a project, for who will end it; nil if there is none.
func (h *Host) detach(id string, why string) *connection {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(id)
	c := e.agent
	e.agent, e.lost = nil, why
	return c
}

// lose cleans up after an agent that is gone or does not answer.
func (h *Host) lose(ctx context.Context, c *connection, why string) {
	h.mu.Lock()
	e := h.entryLocked(c.project)
	if e.agent != c {
		h.mu.Unlock()
		return // it was stopped on purpose
	}
	e.agent, e.lost = nil, why
	h.mu.Unlock()
	if err := errors.Join(h.markTerminals(ctx, c.project, why), c.kill(ctx)); err != nil {
		h.o.Log.Error("agent not removed", "project", c.project, "err", err)
	}
	h.wake(c.project)
}

// whyLost returns and forgets why a project has no agent any more.
func (h *Host) whyLost(id string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(id)
	why := e.lost
	e.lost = ""
	return why
}

// StopAll ends all agents of a data directory, also without a server, and
// returns how many there were.
func StopAll(ctx context.Context, data string) (int, error) {
	folders, err := runFolders(data)
	if err != nil {
		return 0, err
	}
	ended := 0
	var failed error
	for _, folder := range folders {
		r, err := readRecord(folder)
		if err != nil {
			failed = errors.Join(failed, os.RemoveAll(folder))
			continue
		}
		if r.copied(folder) {
			failed = errors.Join(failed, os.RemoveAll(folder))
			continue
		}
		ran, err := endFolder(ctx, folder, r)
		if ran {
			ended++
		}
		failed = errors.Join(failed, err)
	}
	return ended, app.Explain(failed, app.Internal, "Not every project could be stopped. Please try again as the user that runs the server.")
}

// endFolder ends the agent of a folder and removes its traces; ran is whether it
// was there.
func endFolder(ctx context.Context, folder string, r record) (ran bool, err error) {
	process, err := find(ctx, folder, r)
	failed := endHelper(ctx, folder)
	switch {
	case errors.Is(err, sandbox.ErrGone):
		err = sandbox.Forget(r.Process)
	case err == nil:
		ran = true
		err = process.Kill(ctx)
	}
	if err == nil {
		err = os.RemoveAll(folder)
	}
	return ran, errors.Join(failed, err)
}
