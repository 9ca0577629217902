package sandbox

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A thread that acts for a project and stays so would later write files as it.
func TestAThreadThatActedForAProjectIsRootAgain(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	runtime.LockOSThread() // so that status is of the thread that acted
	defer runtime.UnlockOSThread()
	rights := func() string {
		data, err := os.ReadFile("/proc/thread-self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(data), "\nUid:")
		ids, after, _ := strings.Cut(after, "\n")
		_, after, _ = strings.Cut(after, "\nCapInh:")
		capabilities, _, _ := strings.Cut(after, "\nCapBnd:")
		return ids + capabilities
	}
	before := rights()
	err := asOwner(1_899_999_999, func() error {
		if unix.Geteuid() != 1_899_999_999 || unix.Getuid() != 0 {
			t.Errorf("acts as %d, is %d", unix.Geteuid(), unix.Getuid())
		}
		return os.WriteFile(t.TempDir()+"/x", nil, 0o600) // root's rights are kept
	})
	if after := rights(); err != nil || after != before {
		t.Errorf("%v; before %q, after %q", err, before, after)
	}
}
