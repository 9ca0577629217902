package sandbox

import (
	"fmt"
	"os"
)

// limitFindings says which limits hold on this machine. The numbers are those of a
// project of which administrators have said nothing else.
func (s *Sandbox) limitFindings() []Finding {
	l := s.options.Limits
	if !s.grouped(s.mode) {
		why := "this mode has none"
		if s.why != nil {
			why = s.why.Error()
		}
		processes := fmt.Sprintf("the project has at most %d processes", l.Processes)
		if s.mode == None {
			processes = "processes are not limited"
		}
		return []Finding{{Limited, "limits", fmt.Sprintf("No cgroups (%s): each program, not the whole project, has at most %d MiB of memory (what programs share is not counted) and %d open files; "+
			"%s; processors are not limited. Start the server as root, or as a service with Delegate=yes.", why, l.MemoryBytes>>20, l.OpenFiles, processes)}}
	}
	lowered := "a limit of memory below what is in use ends programs"
	if !s.cgroups.v2 {
		lowered = "a limit of memory below what is in use holds after a restart of the project"
	}
	all := []Finding{{OK, "limits", fmt.Sprintf("Unless administrators set others, a project has at most %d MiB of memory, %d processes and %g cores, by cgroups, and %d open files for each program; "+
		"a change holds at once, but %s.", l.MemoryBytes>>20, l.Processes, l.CPUs, l.OpenFiles, lowered)}}
	if f, err := os.Open(KernelLog); err != nil {
		all = append(all, Finding{Limited, "out of memory", fmt.Sprintf(
			"The kernel's log cannot be read (%v): a program that is ended because memory is full is not always known by name. Allow the server to read %s.", err, KernelLog)})
	} else {
		_ = f.Close() // nothing was read
	}
	return all
}
