package projects

import "lyceum/app"

// States of a project.
const (
	archived = "archived"
	stopped  = "stopped"
	starting = "starting"
	running  = "running"
	stopping = "stopping"
)

// request is projects.action_request.
type request struct {
	Action, Request, AccountID string
	Time, Started, Finished    int64 // ms; 0: not yet
	Error                      string
}

// pending reports whether there is something to do.
func (r request) pending() bool { return r.Action != "" && r.Finished == 0 && r.Error == "" }

// same reports whether both are one request, however far it is.
func (r request) same(other request) bool {
	return r.Action == other.Action && r.Request == other.Request && r.AccountID == other.AccountID && r.Time == other.Time
}

// view is what decides what happens to a project next.
type view struct {
	State   string
	Since   int64 // ms
	Request request
	Alive   bool // there is an agent and we are connected to it
}

// step is the next thing to do.
type step int

// The steps.
const (
	rest      step = iota // nothing
	begin                 // write that the request has been taken up
	start                 // start the agent
	stop                  // end the agent
	sayRuns               // the row is behind: it runs
	sayStops              // the row is behind: it does not run
	shelve                // the state becomes archived
	unshelve              // the state becomes stopped
	finish                // the request is done
	refuseOld             // the request cannot be: the project is archived
)

// errArchived is the answer to who wants to use an archived project.
var errArchived = app.Errorf(app.Conflict, "This project is archived. Its owner can take it out of the archive.")

// next decides. It depends on nothing but the row and whether the agent lives,
// so that a request that a crashed server has left is taken up where it was.
func next(v view) step {
	r := v.Request
	if !r.pending() {
		return settle(v)
	}
	if r.Started == 0 {
		return begin
	}
	idle := !v.Alive && (v.State == stopped || v.State == archived)
	switch r.Action {
	case "start", "restart":
		switch {
		case v.State == archived && !v.Alive:
			return refuseOld
		case v.Alive && v.State == starting:
			return sayRuns
		case !v.Alive:
			return start
		case v.State != running, r.Action == "restart" && v.Since <= r.Started:
			return stop
		}
		return finish
	case "stop":
		if !idle {
			return stop
		}
		return finish
	case "archive":
		switch {
		case !idle:
			return stop
		case v.State != archived:
			return shelve
		}
		return finish
	case "unarchive":
		if v.State == archived {
			return unshelve
		}
		return finish
	}
	return finish // an action of a newer version: nothing we could do
}

// settle makes row and agent agree when nobody has asked for anything: the row
// decides whether an agent may live, the agent whether the row may say so.
func settle(v view) step {
	switch {
	case v.Alive && v.State == starting:
		return sayRuns
	case v.Alive && v.State != running:
		return stop
	case !v.Alive && v.State != stopped && v.State != archived:
		return sayStops
	}
	return rest
}
