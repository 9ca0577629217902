package files

import (
	"context"
	"crypto/sha256"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A child of the test ends itself, as kill -9 would, at one step of a save.
var (
	crashStep  = flag.String("crash-step", "", "step of a save at which this process ends itself")
	crashHome  = flag.String("crash-home", "", "home of the project in which it saves")
	crashWrite = flag.String("crash-write", "", "what a program writes before the exchange")
)

const (
	crashBefore = "what was saved before"
	crashData   = "what people have typed"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *crashHome != "" {
		crash()
		return
	}
	os.Exit(m.Run())
}

// crash saves a document and ends at crashStep; steps are printed.
func crash() {
	f, err := OpenFolder(*crashHome)
	if err != nil {
		panic(err)
	}
	f.step = func(step string) {
		os.Stdout.WriteString(step + "\n")
		if step == "put in place" && *crashWrite != "" {
			if err := os.WriteFile(filepath.Join(*crashHome, "doc"), []byte(*crashWrite), 0o644); err != nil {
				panic(err)
			}
		}
		if step == *crashStep {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	known := keyHash(crashBefore)
	if _, err := f.WriteDocument(context.Background(), "doc", []byte(crashData), Expect{Hashes: [][]byte{known}}); err != nil {
		os.Stdout.WriteString("error: " + err.Error() + "\n")
	}
}

func keyHash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func runCrash(t *testing.T, home, step, write string) []string {
	t.Helper()
	out, _ := exec.Command(os.Args[0], "-crash-home="+home, "-crash-step="+step, "-crash-write="+write).Output() // killed: an error
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// After a crash at any step of a save, the file has the old content or the new as
// a whole, what a program has written at the last moment is in the file or among
// the left-overs, and the next save and listing clean up the rest.
func TestD9ACrashBetweenAnyTwoStepsLosesNothing(t *testing.T) {
	for _, written := range []string{"", "what a program has written", "\xff\xfe binary"} {
		var steps []string
		for i := 0; ; i++ {
			home := t.TempDir()
			doc := filepath.Join(home, "doc")
			if err := os.WriteFile(doc, []byte(crashBefore), 0o644); err != nil {
				t.Fatal(err)
			}
			if steps == nil {
				steps = runCrash(t, home, "", written)
				if len(steps) < 7 {
					t.Fatalf("a save has the steps %q", steps)
				}
				continue
			}
			if i > len(steps) {
				break
			}
			step := steps[i-1]
			runCrash(t, home, step, written)
			t.Run(step+" with "+written, func(t *testing.T) { checkAfterCrash(t, home, written) })
		}
	}
}

func checkAfterCrash(t *testing.T, home, written string) {
	f, err := OpenFolder(home)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := os.ReadFile(filepath.Join(home, "doc"))
	if err != nil {
		t.Fatal(err)
	}
	now := string(data)
	if now != crashBefore && now != crashData && (written == "" || now != written) {
		t.Errorf("the file has %q", now)
	}
	lefts, err := f.Leftovers(t.Context(), "doc", [][]byte{keyHash(crashBefore)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := now == written
	for _, l := range lefts {
		found = found || string(l.Data) == written
		if string(l.Data) != written {
			t.Errorf("left over is %q, which nobody needs", l.Data)
		}
		if err := f.Discard(t.Context(), "doc", l.Name, l.Hash); err != nil {
			t.Error(err)
		}
	}
	listing, err := f.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range listing.Entries {
		if shown, err := os.ReadFile(filepath.Join(home, i.Name)); err == nil && string(shown) == written {
			found = true
		}
	}
	// Before the exchange the program had not yet written when the crash came.
	if written != "" && !found && now != crashBefore {
		t.Errorf("what the program wrote is nowhere: the file has %q, left over %v", now, lefts)
	}
	all, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(all, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), reserved+swapSort) }) {
		t.Errorf("after recovery there is %v", all)
	}
}
