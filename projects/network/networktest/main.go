package networktest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// inside is given to a test binary that runs in namespaces of its own.
var inside = flag.Bool("in-namespaces", false, "the test runs in namespaces of its own")

// Main runs the tests of a package in a network and mount namespace of their
// own, made for all of its goroutines: the binary starts itself again. With
// -short it runs them as they are; they must then need no network. What is to be
// done after all tests is given as after.
func Main(m *testing.M, after ...func()) {
	flag.Parse()
	if testing.Short() || *inside {
		code := m.Run()
		for _, fn := range after {
			fn()
		}
		os.Exit(code)
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "this needs root: run make test as root, or go test -short")
		os.Exit(1)
	}
	cmd := exec.Command("/proc/self/exe", append([]string{"-in-namespaces"}, os.Args[1:]...)...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	runtime.LockOSThread() // Pdeathsig is of the thread
	err := cmd.Run()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(e.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Namespace is a network namespace beside that of the test.
type Namespace struct{ file *os.File }

// NewNamespace makes one, empty.
func NewNamespace(t testing.TB) *Namespace {
	t.Helper()
	var n Namespace
	onThread(t, func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		n.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	t.Cleanup(func() { _ = n.file.Close() })
	return &n
}

// Do runs fn on a thread in the namespace: sockets that fn itself opens belong
// there.
func (n *Namespace) Do(t testing.TB, fn func() error) {
	t.Helper()
	onThread(t, func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return fn()
	})
}

// onThread runs fn on a thread that ends with it.
func onThread(t testing.TB, fn func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { // done is waited for
		runtime.LockOSThread() // never unlocked
		done <- fn()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
