package stage

import (
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// signalQueue is how many signals may wait. SIGCHLD merges anyway: one is as
// good as ten.
const signalQueue = 64

// Guard is the first thing that process 1 does: nobody inside may look into it,
// and no signal ends it. The runtime would let a SIGSEGV from anybody end the
// program; a signal that somebody listens to does not.
func Guard() (<-chan os.Signal, error) {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("hide the memory: %w", err)
	}
	signals := make(chan os.Signal, signalQueue)
	signal.Notify(signals)
	return signals, nil
}

// Inherit takes over a descriptor that the stage has left open. No program gets
// it.
func Inherit(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}
