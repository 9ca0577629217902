package projects_test

import (
	"path/filepath"
	"strings"
	"testing"

	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// An administrator learns how strict the bound of a project's files is, and what
// would make it so, also before the first start has made the data directory.
func TestDoctorSaysWhatBoundsTheDisk(t *testing.T) {
	later := filepath.Join(t.TempDir(), "not", "yet")
	for name, f := range map[string]sandbox.Finding{
		"no user ids": projects.CheckDisk(t.TempDir(), false, sandbox.DefaultLimits),
		"no quotas":   projects.CheckDisk("/dev/shm", true, sandbox.DefaultLimits),
	} {
		if f.Level != sandbox.Limited || !strings.Contains(f.Text, "5.0 GiB and 327680 files") || !strings.Contains(f.Text, "usrquota") {
			t.Errorf("%s: %+v", name, f)
		}
		// Root reads every folder; an ordinary user is shut out by its own project.
		if said := strings.Contains(f.Text, "closes even to itself"); said != (name == "no user ids") {
			t.Errorf("%s: what is hidden is said: %t", name, said)
		}
	}
	if f := projects.CheckDisk(later, true, sandbox.DefaultLimits); strings.Contains(f.Text, "no such file") {
		t.Errorf("before the first start: %+v", f)
	}
}
