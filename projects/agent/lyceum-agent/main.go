// Command lyceum-agent runs in every project's sandbox: first as the stage that
// builds it, then as the agent, process 1, and as the shim through which
// programs start. The server carries it and is the only one to start it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"lyceum/projects/agent"
	"lyceum/projects/sandbox/stage"
)

func init() {
	// It is executed by descriptor, so the kernel calls it "5". The name is that
	// of the main thread, on which init runs.
	name := []byte("lyceum-agent\x00")
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0) // for people only
	if len(os.Args) > 1 && os.Args[1] == "stage" {
		runtime.LockOSThread() // in init: the main thread, on which all of it happens
	}
}

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "lyceum-agent:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("this program is started by lyceum")
	}
	switch args[1] {
	case "stage":
		return stage.Run()
	case "shim":
		return stage.Shim(args[2:])
	case "agent":
		return agent.Run(args[2:])
	}
	return fmt.Errorf("%q is not known", args[1])
}
