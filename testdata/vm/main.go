// The command vm boots Debian's own kernel under qemu and runs compiled tests in
// it: cgroup v2, user quotas of ext4 and XFS, and each way in which a machine may
// forbid user namespaces. The machine has no network; its root is that of the
// host, read-only, below a layer in memory. It fails when a test does, and when
// the machine does not say in time that it is done.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is how long the kernel may take to its first program, and runTime how
// long everything may: an emulated processor is some ten times slower.
const (
	bootTime = 2 * time.Minute
	kvmTime  = 20 * time.Second // a /dev/kvm that works takes two
	runTime  = 60 * time.Minute
)

func main() {
	only := flag.String("run", "", "only rounds with this in their name")
	tests := flag.String("tests", "", "-test.run of the rounds, to look for one fault")
	flag.Parse()
	runtime.LockOSThread() // the machine ends with the thread that has started it
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *only, *tests); err != nil {
		fmt.Fprintln(os.Stderr, "vm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, tests string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "lyceum", "vm")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	turn, err := takeTurn(ctx, cache)
	if err != nil {
		return err
	}
	defer turn.Close()
	kernel, err := findKernel(ctx, cache)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "lyceum-vm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	// The host's /tmp is covered inside, so what the machine reads lies in the tree.
	binaries, err := filepath.Abs("bin/vm")
	if err != nil {
		return err
	}
	if strings.HasPrefix(binaries, "/tmp/") {
		return fmt.Errorf("%s: the machine has a /tmp of its own; run this in a checkout that lies elsewhere", binaries)
	}
	todo, err := plan(ctx, binaries, only, tests)
	if err != nil {
		return err
	}
	disks, err := makeDisks(ctx, work)
	if err != nil {
		return err
	}
	initrd, err := makeInitrd(ctx, work, kernel, todo)
	if err != nil {
		return err
	}
	m := machine{kernel: kernel.image, initrd: initrd, disks: disks}
	if kvmOpens() {
		err := m.boot(ctx, "kvm", kvmTime)
		if !errors.Is(err, errSilent) {
			return err
		}
		fmt.Println("vm: /dev/kvm is there and does not work; the processor is emulated")
	}
	return m.boot(ctx, "tcg,thread=multi", bootTime)
}

// takeTurn waits until no other machine runs: two that are emulated beside each
// other are so slow that tests run out of their time.
func takeTurn(ctx context.Context, cache string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(cache, "turn"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	said := false
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(err, f.Close())
		}
		if !said {
			fmt.Println("vm: waits for another machine to end")
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(time.Second):
		}
	}
}

// Plan is what the program inside reads.
type Plan struct {
	Modules []string // names of files in /modules, in this order
	Env     []string
	Rounds  []Round
}

// Round is one program that runs inside; it is started in a cgroup of its own
// that is delegated to it.
type Round struct {
	Name    string
	Folder  string            // where it starts
	Argv    []string          //
	Sysctl  map[string]string // set before it, put back after it
	UID     int
	Minutes int // how long it may take
}

// plan compiles tests and says what runs.
func plan(ctx context.Context, binaries, only, tests string) (Plan, error) {
	root, err := os.Getwd()
	if err != nil {
		return Plan{}, err
	}
	var chosen []round
	for _, r := range rounds {
		if strings.Contains(r.name, only) {
			chosen = append(chosen, r)
		}
	}
	if len(chosen) == 0 {
		return Plan{}, fmt.Errorf("no round has %q in its name", only)
	}
	intruder, agent := filepath.Join(binaries, "intruder"), filepath.Join(binaries, "agent")
	for path, program := range map[string]string{
		intruder: "./projects/sandbox/sandboxtest/intruder", agent: "./projects/agent/lyceum-agent",
		filepath.Join(binaries, "helper"):   "./projects/network/lyceum-network",
		filepath.Join(binaries, "confined"): "./projects/network/networktest/confined",
	} {
		build := exec.CommandContext(ctx, "go", "build", "-o", path, program)
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return Plan{}, fmt.Errorf("build %s: %w\n%s", program, err, out)
		}
	}
	paths := strings.NewReplacer("INTRUDER", intruder, "AGENT", agent, "BINARIES", binaries)
	p := Plan{Env: goEnvironment(ctx)}
	for _, r := range chosen {
		binary := filepath.Join(binaries, strings.ReplaceAll(r.pkg, "/", "-")+".test")
		if err := command(ctx, "go", "test", "-c", "-tags", "vm", "-o", binary, "./"+r.pkg); err != nil {
			return Plan{}, err
		}
		pattern := r.tests
		if tests != "" {
			pattern = tests
		}
		argv := []string{binary, "-test.v", "-test.run=" + pattern, fmt.Sprintf("-test.timeout=%dm", minutes)}
		for _, arg := range r.args {
			argv = append(argv, paths.Replace(arg))
		}
		p.Rounds = append(p.Rounds, Round{
			Name: r.name, Folder: filepath.Join(root, r.pkg), Argv: argv, Sysctl: r.sysctl, UID: r.uid, Minutes: minutes,
		})
	}
	return p, nil
}

// goEnvironment is what tests need that compile a program; nothing is fetched.
func goEnvironment(ctx context.Context) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/root", "LANG=C.UTF-8", "TMPDIR=/data/tmp", "USER=root",
		"GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=-mod=mod", "GOSUMDB=off",
	}
	out, err := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return env
	}
	var values map[string]string
	if json.Unmarshal(out, &values) == nil {
		for name, value := range values {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// command runs a program of the host that says on its own what is wrong.
func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
