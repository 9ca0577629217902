package projects

import "testing"

// Each line is a moment at which a server may have been killed: the next one
// must go on from there, and never do again what has been done.
func TestNext(t *testing.T) {
	asked := func(action string) request { return request{Action: action, Time: 10} }
	begun := func(action string) request { return request{Action: action, Time: 10, Started: 20} }
	done := request{Action: "start", Time: 10, Started: 20, Finished: 30}
	failed := request{Action: "start", Time: 10, Started: 20, Error: "No."}
	tests := []struct {
		name  string
		state string
		since int64
		req   request
		alive bool
		want  step
	}{
		{"a request is taken up first", stopped, 0, asked("start"), false, begin},
		{"start", stopped, 5, begun("start"), false, start},
		{"start was killed before the agent ran", starting, 25, begun("start"), false, start},
		{"start was killed after the agent ran", starting, 25, begun("start"), true, sayRuns},
		{"started", running, 25, begun("start"), true, finish},
		{"start of what runs already", running, 5, begun("start"), true, finish},
		{"start of what has crashed", running, 5, begun("start"), false, start},
		{"start of an archived project", archived, 5, begun("start"), false, refuseOld},
		{"start while an agent that should not be lives", stopped, 5, begun("start"), true, stop},
		{"stop", running, 5, begun("stop"), true, stop},
		{"stop was killed half way", stopping, 25, begun("stop"), true, stop},
		{"stop was killed after the kill", stopping, 25, begun("stop"), false, stop},
		{"stopped", stopped, 25, begun("stop"), false, finish},
		{"restart stops first", running, 5, begun("restart"), true, stop},
		{"restart in the same millisecond stops first", running, 20, begun("restart"), true, stop},
		{"restart then starts", stopped, 25, begun("restart"), false, start},
		{"restarted", running, 25, begun("restart"), true, finish},
		{"restart of an archived project", archived, 5, begun("restart"), false, refuseOld},
		{"archive stops first", running, 5, begun("archive"), true, stop},
		{"archive", stopped, 25, begun("archive"), false, shelve},
		{"archived", archived, 25, begun("archive"), false, finish},
		{"unarchive", archived, 5, begun("unarchive"), false, unshelve},
		{"unarchived", stopped, 25, begun("unarchive"), false, finish},
		{"an action of a newer version", stopped, 5, begun("fly"), false, finish},

		{"nothing to do", running, 5, done, true, rest},
		{"nothing to do after a failure", stopped, 5, failed, false, rest},
		{"a new project", stopped, 0, request{}, false, rest},
		{"the agent has crashed", running, 5, done, false, sayStops},
		{"the row says stopped, the agent lives", stopped, 5, done, true, stop},
		{"the row says archived, the agent lives", archived, 5, done, true, stop},
		{"the row was not written any more", starting, 5, done, true, sayRuns},
		{"starting, and nobody does it", starting, 5, done, false, sayStops},
		{"stopping, and nobody does it", stopping, 5, done, true, stop},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := next(view{tt.state, tt.since, tt.req, tt.alive}); got != tt.want {
				t.Errorf("next = %d, want %d", got, tt.want)
			}
		})
	}
}

// From every state every request comes to an end.
func TestNextEnds(t *testing.T) {
	for _, state := range []string{archived, stopped, starting, running, stopping} {
		for _, action := range []string{"start", "stop", "restart", "archive", "unarchive"} {
			for _, alive := range []bool{false, true} {
				v := view{State: state, Since: 5, Request: request{Action: action, Time: 10}, Alive: alive}
				clock := int64(20)
				const most = 10
				for n := 0; ; n++ {
					s := next(v)
					if s == rest {
						break
					}
					if n == most {
						t.Fatalf("%s of %s (alive %v) does not end: %+v", action, state, alive, v)
					}
					clock++
					v = pretend(v, s, clock)
				}
			}
		}
	}
}

// pretend is a host in which everything works.
func pretend(v view, s step, clock int64) view {
	say := func(state string) { v.State, v.Since = state, clock }
	switch s {
	case begin:
		v.Request.Started = clock
	case start:
		v.Alive = true
		say(running)
	case stop:
		v.Alive = false
		say(stopped)
	case sayRuns:
		say(running)
	case sayStops, unshelve:
		say(stopped)
	case shelve:
		say(archived)
	case refuseOld:
		v.Request.Error, v.Request.Finished = "No.", clock
	case finish:
		v.Request.Finished = clock
	}
	return v
}
