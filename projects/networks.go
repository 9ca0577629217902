package projects

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/projects/network"
	"lyceum/projects/sandbox"
)

// keeper is the goroutine that keeps a project's network.
type keeper struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// stop ends the keeper; the helper goes on.
func (k *keeper) stop() {
	if k != nil {
		k.cancel()
		<-k.done
	}
}

// keepNetwork makes the network of a project what its limits say, now and
// whenever they change or the helper ends, until the project or Run ends.
func (h *Host) keepNetwork(c *connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx == nil {
		return
	}
	ctx, cancel := context.WithCancel(h.ctx)
	k := &keeper{cancel, make(chan struct{})}
	c.mu.Lock()
	c.keeper = k
	c.mu.Unlock()
	h.tasks.Go(func() {
		defer close(k.done)
		defer cancel()
		f := &forwarder{host: h, of: c}
		defer f.let()
		h.followNetwork(ctx, f)
	})
}

// Pauses after which a network that could not be had, or that has ended, is made
// again: one that ends at once must not keep the machine busy.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = 30 * time.Second
	calmTime   = time.Minute // after which an end is a first one again
)

func (h *Host) followNetwork(ctx context.Context, f *forwarder) {
	id, pause, began := f.of.project, firstPause, time.Now()
	said := "" // the last that was logged
	for {
		changed := h.changed(id)
		var again <-chan time.Time
		err := h.giveNetwork(ctx, f)
		if err == nil || ctx.Err() != nil {
			said = ""
		} else {
			again = after(mostPause)
			if err.Error() != said {
				said = err.Error()
				h.o.Log.Warn("network not as it should be, will try again", "project", id, "err", err)
			}
		}
		select {
		case <-changed:
			continue
		case <-again:
			continue
		case <-ctx.Done():
			return
		case <-f.of.process.Done():
			return
		case <-f.ended():
		}
		f.let()
		if time.Since(began) > calmTime {
			pause = firstPause
		}
		h.o.Log.Warn("network helper has ended, starting another", "project", id, "duration", pause)
		h.noteNetwork(ctx, id, "The project's network has ended unexpectedly and is being started again; connections that were open are lost.")
		select {
		case <-after(pause):
		case <-ctx.Done():
			return
		}
		pause, began = min(2*pause, mostPause), time.Now()
	}
}

// giveNetwork makes true what the limits say now, and says in the project's row
// what is not. It is called at every change of anything about the project.
func (h *Host) giveNetwork(ctx context.Context, f *forwarder) error {
	id := f.of.project
	l, err := h.limitsOf(ctx, id)
	if err != nil {
		return err
	}
	policy, odd := network.Parse(l.Network, l.NetworkAllow)
	if f.has(policy) {
		return nil
	}
	rec, err := h.o.Store.Get(ctx, "projects", id)
	if err != nil {
		return err
	}
	f.uid = int(number(rec.Row, "uid"))
	err = f.follow(ctx, policy)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	note, restart := "", ""
	switch {
	case errors.Is(err, sandbox.ErrStart):
		restart = "Its network was opened while it ran; it gets it at the next start."
	case errors.Is(err, errNotIsolated):
		note = "The network of this project cannot be filtered: projects are not isolated here, and each has that of the machine."
	case err != nil:
		note = fmt.Sprintf("The project should have a network but has none: %v.", err)
	case odd != nil && policy.Mode == network.Filtered:
		_, note = app.Public(odd)
	}
	h.noteNetwork(ctx, id, note)
	if failed := h.restartReason(ctx, id, "network", restart); failed != nil {
		return failed
	}
	if errors.Is(err, sandbox.ErrStart) || errors.Is(err, errNotIsolated) {
		return nil // nothing that another try would change
	}
	return err
}

// noteNetwork says in the project's row why its network is not as its limits
// say; "" if it is.
func (h *Host) noteNetwork(ctx context.Context, id, note string) {
	err := h.update(ctx, "projects", id, func(row app.Row) error {
		if text(row, "network_note") == note {
			return errUnchanged
		}
		row["network_note"] = note
		if note == "" {
			delete(row, "network_note")
		}
		return nil
	})
	if err != nil && ctx.Err() == nil && !errors.Is(err, app.ErrNotFound) {
		h.o.Log.Error("note about the network not written", "project", id, "err", err)
	}
}
