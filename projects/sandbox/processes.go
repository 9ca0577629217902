package sandbox

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Processes returns the processes of the project, the agent too, as the host
// numbers them. Some may have ended when it returns.
func (p *Process) Processes() []int {
	if len(p.handle.Cgroups) == 0 {
		return append(descendants(p.handle.PID), p.handle.PID)
	}
	var found []int
	for _, leaf := range []string{"agent", "user"} {
		data, err := os.ReadFile(filepath.Join(p.handle.Cgroups[0], leaf, "cgroup.procs"))
		if err != nil {
			continue // it is being removed
		}
		for field := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(field); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}
