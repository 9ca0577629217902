//go:build vm

package projects_test

import (
	"strings"
	"testing"

	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// The data disks of the machine have quotas: the host must use them and not look.
func TestVMHostUsesQuotas(t *testing.T) {
	w := newWorld(t, sandbox.RootUserNS)
	s := w.enter()
	if by := s.DiskBy("p1"); by != "quota" {
		t.Errorf("%s: %s", w.data, by)
	}
	for _, folder := range []string{w.data, "/data-xfs"} {
		if f := projects.CheckDisk(folder, true, sandbox.DefaultLimits); f.Level != sandbox.OK || !strings.Contains(f.Text, "user quotas") {
			t.Errorf("%s: %+v", folder, f)
		}
	}
}
