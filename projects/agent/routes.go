package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects/files"
)

// routes is what the agent offers the server.
func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/files/", http.StripPrefix("/files", files.Handler(s.files)))
	mux.HandleFunc("GET /terminals", s.listTerminals)
	mux.HandleFunc("GET /terminals/watch", s.watchTerminals)
	mux.HandleFunc("GET /terminals/{id}/attach", s.terminals.Attach)
	mux.HandleFunc("GET /terminals/{id}/kept", s.giveKept)
	mux.HandleFunc("PUT /terminals/{id}/kept", s.takeKept)
	mux.HandleFunc("DELETE /terminals/{id}", s.endTerminal)
	mux.HandleFunc("GET /activity", s.tellActivity)
	mux.HandleFunc("PUT /limits", s.setLimits)
	mux.HandleFunc("GET /usage", s.tellUsage)
	mux.HandleFunc("POST /prepare-stop", s.prepareStop)
	mux.HandleFunc("POST /end", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		s.endOnce.Do(func() { close(s.end) })
	})
	return mux
}

func (s *service) listTerminals(w http.ResponseWriter, _ *http.Request) {
	encode(w, s.terminals.List())
}

// watchTerminals sends a line for each terminal and then for each change.
func (s *service) watchTerminals(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	encoder := json.NewEncoder(w)
	queue, stop := s.watchers.add()
	defer stop()
	for _, info := range s.terminals.List() {
		if encoder.Encode(info) != nil {
			return
		}
	}
	for out.Flush() == nil {
		select {
		case <-r.Context().Done():
			return
		case info, more := <-queue:
			if !more || encoder.Encode(info) != nil {
				return // it was too slow: it comes again and reads all
			}
		}
	}
}

func (s *service) endTerminal(w http.ResponseWriter, r *http.Request) {
	if err := s.terminals.End(r.Context(), r.PathValue("id")); err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// graceTime is how long programs may take to end before a stop. A build that
// takes longer to clean up is cut off.
const graceTime = time.Second

// prepareStop ends shells and tells all programs to end. What terminals have shown
// can be had until the agent ends.
func (s *service) prepareStop(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), graceTime)
	defer cancel()
	_ = s.terminals.Stop(ctx) // what does not end is killed with the sandbox
	if s.isolated {
		_ = unix.Kill(-1, unix.SIGTERM) // ESRCH: there is nobody else
		poll := time.NewTicker(10 * time.Millisecond)
		defer poll.Stop()
		for ctx.Err() == nil && othersRun() {
			select {
			case <-poll.C:
			case <-ctx.Done():
			}
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// othersRun reports whether there is a process beside process 1.
func othersRun() bool {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return false
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && pid != 1 {
			return true
		}
	}
	return false
}

func encode(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the server is gone: nobody to tell
}

func fail(w http.ResponseWriter, err error) {
	kind, message := app.Public(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(problem{kind, message})
}
