package app

// Role is what a collaborator may do in a project. Greater may more.
type Role int

// The roles, in rising order. A viewer reads files, documents and history, sees
// terminals without typing and may start a project; an editor does everything
// but people, quotas and deletion; an owner all.
const (
	NoRole Role = iota
	Viewer
	Editor
	Owner
)

var roleNames = [...]string{"", "viewer", "editor", "owner"}

// String returns the role's name on the wire, "" for NoRole.
func (r Role) String() string {
	if r < NoRole || r > Owner {
		return ""
	}
	return roleNames[r]
}

// ParseRole is the reverse of String; anything else is NoRole.
func ParseRole(name string) Role {
	for r := Viewer; r <= Owner; r++ {
		if roleNames[r] == name {
			return r
		}
	}
	return NoRole
}
