package projects

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"lyceum/app/durable"
	"lyceum/projects/network"
	"lyceum/projects/sandbox"
)

// forwarder is the helper that carries a project's connections, as the server
// sees it. One goroutine uses it.
type forwarder struct {
	host *Host
	of   *connection
	uid  int // of the project; 0: none of its own

	process *sandbox.Process // nil: none runs, as far as is known
	known   bool             // whether one of an earlier server runs has been looked at
	policy  *network.Policy  // in force or, where it cannot be, known to be asked for; nil: to be put in force
}

// has reports whether nothing is to be done for a policy to be in force.
func (f *forwarder) has(p network.Policy) bool {
	return f.policy != nil && reflect.DeepEqual(*f.policy, p)
}

// Names in the run folder.
const (
	helperRecord = "network.json"
	helperSocket = "n"
)

// helper is what a later server must know of a project's helper.
type helper struct {
	Secret  string         `json:"secret"`
	Process sandbox.Handle `json:"process"`
}

func readHelper(folder string) (helper, error) {
	var r helper
	data, err := os.ReadFile(filepath.Join(folder, helperRecord))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

// follow makes true what the policy says, as far as it can be: a helper runs and
// has it, or none does.
func (f *forwarder) follow(ctx context.Context, p network.Policy) error {
	f.policy = nil
	err := f.put(ctx, p)
	if err == nil || errors.Is(err, sandbox.ErrStart) || errors.Is(err, errNotIsolated) {
		f.policy = &p
	}
	f.of.online.Store(f.process != nil)
	return err
}

func (f *forwarder) put(ctx context.Context, p network.Policy) error {
	if p.Mode != network.Filtered {
		// Programs see that their connections are broken off; from a helper that
		// is only killed they would wait for minutes.
		_ = f.tell(ctx, p) // none runs, or it is ended all the same
		f.let()
		f.known = true
		return endHelper(ctx, f.of.folder)
	}
	if f.of.process.Handle().Mode == sandbox.None {
		return errNotIsolated
	}
	if f.process == nil && !f.known {
		f.find()
	}
	f.known = true
	if f.process != nil {
		err := f.tell(ctx, p)
		if err == nil || ctx.Err() != nil {
			return err
		}
		f.host.o.Log.Warn("network helper does not answer and is replaced", "project", f.of.project, "err", err)
	}
	f.let()
	if err := endHelper(ctx, f.of.folder); err != nil {
		return err
	}
	return f.start(ctx, p)
}

var (
	errNotIsolated = errors.New("the project is not isolated")
	errNoHelper    = errors.New("this executable carries no network helper; run make build")
)

// find takes over the helper of an earlier server.
func (f *forwarder) find() {
	r, err := readHelper(f.of.folder)
	if err != nil {
		return // there was none
	}
	if f.process, err = sandbox.Find(r.Process); err != nil {
		f.process = nil
	}
}

// let lets go of the helper, which goes on.
func (f *forwarder) let() {
	f.policy = nil
	if f.process != nil {
		f.process.Close()
		f.process = nil
		f.of.online.Store(false)
	}
}

// ended is closed when the helper has ended; nil if none runs.
func (f *forwarder) ended() <-chan struct{} {
	if f.process == nil {
		return nil
	}
	return f.process.Done()
}

// tell gives the helper a policy.
func (f *forwarder) tell(ctx context.Context, p network.Policy) error {
	r, err := readHelper(f.of.folder)
	if err != nil {
		return err
	}
	return pathIn(f.of.folder, helperSocket, func(path string) error {
		_, err := network.Call(ctx, path, network.Request{
			Project: f.of.project, Secret: r.Secret, Generation: f.host.generation, Policy: &p,
		})
		return err
	})
}

// start starts a helper. It waits for its configuration before it does
// anything, and that is sent when a later server can find it: a server that is
// killed meanwhile leaves none behind.
func (f *forwarder) start(ctx context.Context, p network.Policy) (err error) {
	if f.host.o.Network == nil {
		return errNoHelper
	}
	filter, err := sandbox.BesideFilter()
	if err != nil {
		return err
	}
	tun, err := f.of.process.OpenNetwork()
	if err != nil {
		return err
	}
	var theirs, ours [2]*os.File // config and ready
	if theirs[0], ours[0], err = os.Pipe(); err == nil {
		ours[1], theirs[1], err = os.Pipe()
	}
	listener, failed := listenIn(f.of.folder, helperSocket)
	defer closeFiles(tun, theirs[0], theirs[1], ours[0], ours[1], listener)
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("make the helper's pipes and socket: %w", err)
	}
	process, err := f.host.o.Sandbox.StartBeside(ctx, f.of.process, sandbox.Beside{
		Program: f.host.o.Network, Name: "lyceum-network", UID: f.uid, Arguments: []string{"forward"},
		Files: []*os.File{theirs[0], theirs[1], listener, tun},
	})
	if err != nil {
		return err
	}
	f.process = process
	closeFiles(theirs[0], theirs[1], tun, listener) // the helper has its own
	r := helper{Secret: rand.Text(), Process: process.Handle()}
	data, err := json.Marshal(r)
	if err == nil {
		err = durable.WriteFile(filepath.Join(f.of.folder, helperRecord), data)
	}
	if err == nil {
		err = json.NewEncoder(ours[0]).Encode(network.Config{
			Project: f.of.project, Secret: r.Secret, Generation: f.host.generation, Policy: p, Filter: filter,
		})
	}
	if err = errors.Join(err, ours[0].Close()); err == nil {
		err = helperReady(ctx, ours[1])
	}
	if err != nil {
		f.let()
		return errors.Join(fmt.Errorf("start the helper: %w", err), endHelper(context.WithoutCancel(ctx), f.of.folder))
	}
	return nil
}

// helperTime is how long a helper may take to begin; it takes some ten
// milliseconds.
const helperTime = 10 * time.Second

// helperReady waits until the helper forwards.
func helperReady(ctx context.Context, ready *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, helperTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = ready.SetReadDeadline(time.Unix(1, 0)) })()
	const maxReason = 1024
	reason, err := io.ReadAll(io.LimitReader(ready, maxReason))
	if len(reason) > 0 {
		err = errors.Join(err, errors.New(string(reason)))
	}
	return err
}

// endHelper ends the helper of a project's run folder, if there is one, and
// removes its traces.
func endHelper(ctx context.Context, folder string) error {
	r, err := readHelper(folder)
	if err == nil {
		process, err := sandbox.Find(r.Process)
		if err == nil {
			err = process.Kill(ctx)
		}
		if err != nil && !errors.Is(err, sandbox.ErrGone) {
			return fmt.Errorf("end the network helper: %w", err)
		}
	}
	for _, name := range []string{helperRecord, helperSocket} {
		if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func closeFiles(files ...*os.File) {
	for _, f := range files {
		_ = f.Close() // handed on, read to the end, or closed already
	}
}
