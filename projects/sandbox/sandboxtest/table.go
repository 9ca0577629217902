package sandboxtest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"lyceum/projects/sandbox"
)

// Escapes are what is refused; the numbers are those of the package comment.
var Escapes = map[int]string{
	1:  "files of the host and of others",
	2:  "processes of the host",
	3:  "connections",
	4:  "mounts and namespaces",
	5:  "calls that reach the kernel",
	6:  "rare sockets, other tables of calls",
	7:  "the agent",
	8:  "writing outside",
	9:  "more rights, what is inherited",
	10: "using up what others need",
	11: "ends: kill -9 -1, stop, restart",
	12: "a hostile agent",
	13: "machines that cannot isolate",
}

// A Verdict is how a mode keeps a promise.
type Verdict string

// The verdicts. Limited is for what a mode cannot keep and says so.
const (
	Kept    Verdict = "kept"
	Limited Verdict = "limited, said"
	Open    Verdict = "OPEN"
)

// A Cell says how one mode keeps one promise, and by how many attempts that is
// known.
type Cell struct {
	Verdict  Verdict
	Attempts int
	Said     []string // the sentences for what is limited
}

// A Column is one mode.
type Column map[int]Cell

// note adds attempts: the worst verdict counts.
func (c Column) note(escape int, attempts int, v Verdict, said ...string) {
	cell := c[escape]
	cell.Attempts += attempts
	if rank := []Verdict{"", Kept, Limited, Open}; slices.Index(rank, v) > slices.Index(rank, cell.Verdict) {
		cell.Verdict = v
	}
	for _, s := range said {
		if !slices.Contains(cell.Said, s) {
			cell.Said = append(cell.Said, s)
		}
	}
	c[escape] = cell
}

// A Table is mode × escape.
type Table map[sandbox.Mode]Column

// Write prints the table. What was not tried says so.
func (t Table) Write(w io.Writer, modes []sandbox.Mode) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-41s", "escape")
	for _, mode := range modes {
		fmt.Fprintf(&b, "%-22s", mode)
	}
	b.WriteString("\n")
	for _, n := range slices.Sorted(maps.Keys(Escapes)) {
		fmt.Fprintf(&b, "%2d %-38s", n, Escapes[n])
		for _, mode := range modes {
			text := "not tried"
			if cell, tried := t[mode][n]; tried {
				text = fmt.Sprintf("%s (%d)", cell.Verdict, cell.Attempts)
			}
			fmt.Fprintf(&b, "%-22s", text)
		}
		b.WriteString("\n")
	}
	for _, mode := range modes {
		for _, n := range slices.Sorted(maps.Keys(t[mode])) {
			for _, said := range t[mode][n].Said {
				fmt.Fprintf(&b, "%s, %d: doctor says: %s\n", mode, n, said)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Whole reports whether every escape was tried in every mode and none opened.
func (t Table) Whole(modes []sandbox.Mode) bool {
	for _, mode := range modes {
		for n := range Escapes {
			if v := t[mode][n].Verdict; v != Kept && v != Limited {
				return false
			}
		}
	}
	return true
}
