package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"lyceum/app"
)

// Options says what an administrator has chosen.
type Options struct {
	Mode     Mode     // Auto or "": the best that works
	ReadOnly []string // host files and folders to show beside the usual ones
	Limits   Limits   // zero fields have their defaults
	Program  *Program // the agent
	Log      *slog.Logger
}

// Sandbox starts agents in one mode. Its methods may be called from any
// goroutine.
type Sandbox struct {
	mode    Mode
	options Options
	filter  []uint64
	cgroups *cgroups // nil: none, see why
	why     error    // why there are no cgroups

	noNetwork error // why a project could have no network if it should
}

// Open finds out what this machine can keep. It fails with a sentence when that
// is less than what was asked for; None is never chosen by itself.
func Open(ctx context.Context, o Options) (*Sandbox, error) {
	if o.Mode == "" {
		o.Mode = Auto
	}
	if !o.Mode.Valid() {
		return nil, app.Errorf(app.Invalid, "isolation: %q is not known; use auto, root-userns, root, unprivileged or none.", o.Mode)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.Limits.Or(DefaultLimits)
	s := &Sandbox{options: o}
	var err error
	if s.filter, err = filter(); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 && o.Mode != Unprivileged {
		s.cgroups, s.why = findCgroups()
	} else {
		s.why = fmt.Errorf("the server is not root")
	}
	candidates := []Mode{o.Mode}
	if o.Mode == Auto {
		candidates = []Mode{RootUserNS, Root}
		if os.Geteuid() != 0 {
			candidates = []Mode{Unprivileged}
		}
	}
	var first error
	for _, mode := range candidates {
		err := s.probe(ctx, mode)
		if err == nil {
			s.mode = mode
			return s, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// Mode returns the mode in use.
func (s *Sandbox) Mode() Mode { return s.mode }

// OwnUID reports whether each project needs a uid of its own, which then owns
// its files.
func (s *Sandbox) OwnUID() bool { return s.mode.ownUID() }

// Limits returns the bounds of a project of which nothing else is said.
func (s *Sandbox) Limits() Limits { return s.options.Limits }

// Cgroups returns the cgroups that Start would make for a name, for Forget.
func (s *Sandbox) Cgroups(name string) []string {
	if !s.grouped(s.mode) {
		return nil
	}
	return s.cgroups.group(name).Folders
}

// Bounded reports whether memory, processes and processors of the projects that
// are started are bounded for each as a whole.
func (s *Sandbox) Bounded() bool { return s.grouped(s.mode) }

// grouped reports whether projects have cgroups.
func (s *Sandbox) grouped(mode Mode) bool { return s.cgroups != nil && mode.ownUID() }
