package sandbox

// Mode is how projects are isolated.
type Mode string

// The modes, the best first. Auto is the best that works, and never None: who
// wants no isolation has to say so.
const (
	Auto         Mode = "auto"
	RootUserNS   Mode = "root-userns"  // as root: a uid a project, mapped to 1000 in a user namespace
	Root         Mode = "root"         // as root without user namespaces: a uid a project
	Unprivileged Mode = "unprivileged" // as an ordinary user, in a user namespace; no cgroups
	None         Mode = "none"         // no isolation: every project can do what the server can
)

// Words says the mode to a person.
func (m Mode) Words() string {
	switch m {
	case RootUserNS:
		return "isolated, with a user namespace and a user id of its own"
	case Root:
		return "isolated, with a user id of its own"
	case Unprivileged:
		return "isolated in a user namespace of the server's user, without limits for the whole project"
	case None:
		return "not isolated"
	}
	return "not known"
}

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool {
	switch m {
	case Auto, RootUserNS, Root, Unprivileged, None:
		return true
	}
	return false
}

// ownUID reports whether a project has a uid of its own.
func (m Mode) ownUID() bool { return m == RootUserNS || m == Root }

// userNS reports whether a project has a user namespace of its own.
func (m Mode) userNS() bool { return m == RootUserNS || m == Unprivileged }

// Level is how well something is kept.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Limited Level = "limited"
	Missing Level = "missing"
)

// Finding is one line of lyceum doctor.
type Finding struct {
	Level Level
	About string // "isolation", "memory limit", …
	Text  string // a sentence; for Limited and Missing it says the way out
}
