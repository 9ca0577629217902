package helper_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	nt "lyceum/projects/network/networktest"
	"lyceum/projects/sandbox"
)

// Whoever takes over a helper by what he sends it can open sockets as before,
// and read no file, start nothing and reach no other kind of socket: on every
// thread, and even as root.
func TestConfinedHelperCanOnlyOpenSockets(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	folder, err := build()
	if err != nil {
		t.Fatal(err)
	}
	filter, err := sandbox.BesideFilter()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(filter)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(folder, "confined"), nt.Door("11.0.0.1"))
	cmd.Stdin, cmd.Dir = strings.NewReader(string(text)), os.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "tried\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
