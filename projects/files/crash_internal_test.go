package files

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
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
	crashWrite = flag.String("crash-write", "", "what a program writes meanwhile")
	crashWhen  = flag.String("crash-when", "", "step at which it does")
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
		if step == *crashWhen && *crashWrite != "" {
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

func runCrash(home, step, write, when string) []string {
	out, _ := exec.Command(os.Args[0], "-crash-home="+home, "-crash-step="+step, "-crash-write="+write, "-crash-when="+when).Output() // killed: an error
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func crashHomeFor(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "doc"), []byte(crashBefore), 0o644); err != nil {
		t.Fatal(err)
	}
	return home
}

// After a crash at any step of a save, the file has the old content or the new as
// a whole, what a program has written at any moment is in the file or among the
// left-overs, and the next look at them cleans up the rest.
func TestD9ACrashBetweenAnyTwoStepsLosesNothing(t *testing.T) {
	for _, written := range []string{"", "what a program has written", "\xff\xfe binary"} {
		moments := []string{"write aside", "name it", "put in place"}
		if written == "" {
			moments = moments[:1]
		}
		for _, when := range moments {
			steps := runCrash(crashHomeFor(t), "", written, when)
			if len(steps) < 7 {
				t.Fatalf("a save has the steps %q", steps)
			}
			for i, step := range append(steps, "") { // at last without a crash
				t.Run(fmt.Sprintf("at %q, %q written at %q", step, written, when), func(t *testing.T) {
					home := crashHomeFor(t)
					runCrash(home, step, written, when)
					checkAfterCrash(t, home, written, i >= slices.Index(steps, when))
				})
			}
		}
	}
}

// checkAfterCrash looks at what is left; wrote says that the program had written.
func checkAfterCrash(t *testing.T, home, written string, wrote bool) {
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
	found := false
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
	if written != "" && wrote && !found {
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
