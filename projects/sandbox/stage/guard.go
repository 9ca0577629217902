package stage

import (
	"fmt"
	"os"
	"os/signal"
	"unsafe"

	"golang.org/x/sys/unix"
)

// signalQueue is how many signals may wait. SIGCHLD merges anyway: one is as
// good as ten.
const signalQueue = 64

// leftAlone are the signals that the runtime leaves to the C library. They have
// no handler, and then the kernel ends even process 1 if one comes while its
// main thread blocks signals (as it does for a moment at each start of a
// program) and another thread does not.
var leftAlone = []int{32, 34}

// Guard is the first thing that process 1 does: nobody inside may look into it,
// and no signal ends it. The runtime would let a SIGSEGV from anybody end the
// program; a signal that somebody listens to does not.
func Guard() (<-chan os.Signal, error) {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("hide the memory: %w", err)
	}
	signals := make(chan os.Signal, signalQueue)
	signal.Notify(signals)
	return signals, setLeftAlone(ignored)
}

const (
	byDefault = 0 // SIG_DFL
	ignored   = 1 // SIG_IGN; programs inherit it, so the shim undoes it
)

// setLeftAlone sets what happens at the signals that the runtime does not manage.
func setLeftAlone(handler uintptr) error {
	action := [4]uintptr{handler} // the kernel's struct: no flags, no mask
	const maskBytes = 8
	for _, n := range leftAlone {
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&action)), 0, maskBytes, 0, 0)
		if errno != 0 {
			return fmt.Errorf("set signal %d: %w", n, errno)
		}
	}
	return nil
}

// Inherit takes over a descriptor that the stage has left open. No program gets
// it.
func Inherit(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}
