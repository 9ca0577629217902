package projects

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// Who cannot start a project hears why, and not where things are on the server.
func TestWhyAProjectIsNotStarted(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("start: %w", app.Errorf(app.Unavailable, "All user ids are used.")), "All user ids are used."},
		{fmt.Errorf("make the folder: %w", &fs.PathError{Op: "mkdir", Path: "/var/lib/x", Err: unix.ENOSPC}), "disk of the server is full"},
		{fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "/var/lib/x", Err: unix.EDQUOT}), "disk of the server is full"},
		{fmt.Errorf("start: %w", &fs.PathError{Op: "open", Path: "/var/lib/x", Err: unix.EACCES}), "log has the details"},
	} {
		if got := whyNotStarted(tt.err); !strings.Contains(got, tt.want) || strings.Contains(got, "/var") {
			t.Errorf("%v is said as %q, want %q", tt.err, got, tt.want)
		}
	}
}
