// Command intruder tries to get out of a sandbox. It is the whole project of the
// contract's tests: the stage, a small agent that starts what the test asks for,
// and the programs that a hostile user would run.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"

	"lyceum/projects/sandbox/stage"
)

func init() {
	if len(os.Args) > 1 && os.Args[1] == "stage" {
		runtime.LockOSThread() // in init: the main thread
	}
}

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("started by the tests of package sandbox")
	}
	switch args[1] {
	case "stage":
		return stage.Run()
	case "shim":
		return stage.Shim(args[2:])
	case "agent":
		return serve(args[2:])
	case "try":
		return json.NewEncoder(os.Stdout).Encode(tryAll(args[2:]))
	case "status":
		return status()
	case "signals":
		return signalAll()
	case "kill-all":
		return killAll()
	case "forks":
		return forks()
	case "memory":
		return memory()
	case "fill":
		return fill(args[2])
	case "terminals":
		return terminals()
	case "linger":
		return linger()
	case "hold":
		return hold(args[2])
	case "holding":
		return holding(args[2])
	case "spin":
		return spin(args[2])
	case "files":
		return files(strings.Join(args[2:], ""))
	case "sleep":
		select {}
	}
	return fmt.Errorf("%q is not known", args[1])
}
