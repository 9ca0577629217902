package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// probe starts a process in the mode, really, and ends it. A machine that lies
// about what it can is found out here and not by a student.
func (s *Sandbox) probe(ctx context.Context, mode Mode) error {
	switch {
	case mode.ownUID() && os.Geteuid() != 0:
		return app.Errorf(app.Unavailable, "isolation %s: this needs root; use --isolation=unprivileged.", mode)
	case mode == Unprivileged && os.Geteuid() == 0:
		return app.Errorf(app.Unavailable, "isolation unprivileged: this is for an ordinary user, the server runs as root; use --isolation=auto.")
	}
	dir, err := os.MkdirTemp("", "lyceum-probe-")
	if err != nil {
		return fmt.Errorf("make a folder for the probe: %w", err)
	}
	defer os.RemoveAll(dir)
	if mode.ownUID() {
		if err := os.Chown(dir, probeUID, probeUID); err != nil {
			return fmt.Errorf("give a folder to the probe: %w", err)
		}
	}
	p, err := s.start(ctx, mode, Spec{
		Name: probeName(), UID: probeUID, Home: dir, Tmp: dir, Arguments: []string{"-probe"}, Network: true,
	})
	if err != nil {
		return err
	}
	s.noNetwork = p.probeNetwork()
	return p.Kill(ctx)
}

// probeUID is nobody: the probe writes nothing.
const probeUID = 65534

// probeName is that of a group which nobody else has: two that look at the same
// time, in one process or in two, would remove each other's.
func probeName() string { return "probe-" + strings.ToLower(rand.Text()) }

// explain says what an administrator can do about a start that has failed.
func explain(mode Mode, err error) error {
	way := ""
	text := err.Error()
	switch {
	case errors.Is(err, unix.ENOSPC), strings.Contains(text, "no space left on device") && mode.userNS():
		way = "User namespaces are switched off (user.max_user_namespaces is 0); allow them with sysctl user.max_user_namespaces=10000."
	case mode.userNS() && readsZero("/proc/sys/kernel/unprivileged_userns_clone"):
		way = "User namespaces are switched off for ordinary users; allow them with sysctl kernel.unprivileged_userns_clone=1, or start the server as root."
	case mode.userNS() && readsOne("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"):
		way = "AppArmor takes the rights in user namespaces away from programs without a profile; load one (lyceum apparmor | sudo tee " + AppArmorFile +
			" && sudo apparmor_parser --replace " + AppArmorFile + "), or start the server as root."
	case strings.Contains(text, "mount a proc"), strings.Contains(text, "mount a sysfs"):
		way = "Parts of /proc are covered, as in a container; start the container with an uncovered /proc, or start the server as root on the machine itself."
	case errors.Is(err, unix.EPERM), strings.Contains(text, "operation not permitted"):
		way = "The kernel does not allow it; start the server as root, or allow user namespaces."
	}
	if way == "" {
		return fmt.Errorf("isolation %s: %w", mode, err)
	}
	return &app.Error{Kind: app.Unavailable, Err: err, Message: fmt.Sprintf(
		"Projects cannot be isolated here (%s: %s). %s With --isolation=none the server starts without isolation.", mode, text, way)}
}

func readsZero(name string) bool { return reads(name, "0") }
func readsOne(name string) bool  { return reads(name, "1") }

func reads(name, want string) bool {
	data, err := os.ReadFile(name)
	return err == nil && strings.TrimSpace(string(data)) == want
}

// Findings says how well this machine keeps projects apart, for doctor and for
// the administrator.
func (s *Sandbox) Findings() []Finding {
	var all []Finding
	add := func(level Level, about, text string, args ...any) {
		all = append(all, Finding{level, about, fmt.Sprintf(text, args...)})
	}
	switch s.mode {
	case RootUserNS:
		add(OK, "isolation", "Projects are %s.", s.mode.Words())
	case Root:
		add(OK, "isolation", "Projects are %s; user namespaces do not work here.", s.mode.Words())
	case Unprivileged:
		add(Limited, "isolation", "Projects are %s; start the server as root for a user id and limits for each.", s.mode.Words())
	default:
		add(Missing, "isolation", "Projects are not isolated: each can do what the server can. Use --isolation=auto.")
	}
	all = append(all, s.limitFindings()...)
	all = append(all, s.networkFinding())
	return all
}

// Probe finds out what this machine can keep and says it: the lines of lyceum
// doctor.
func Probe(ctx context.Context, o Options) []Finding {
	s, err := Open(ctx, o)
	if err == nil {
		return s.Findings()
	}
	_, text := app.Public(err)
	if _, explained := errors.AsType[*app.Error](err); !explained {
		text = err.Error()
	}
	return []Finding{{Missing, "isolation", text}}
}
