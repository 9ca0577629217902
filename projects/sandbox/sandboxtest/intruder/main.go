// Command intruder tries to get out of a sandbox. It is the whole project of the
// contract's tests: the stage, a small agent that starts what the test asks for,
// and the programs that a hostile user would run.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"lyceum/projects/sandbox/stage"
)

func init() {
	if len(os.Args) > 1 && (os.Args[1] == "stage" || os.Args[1] == "agent") {
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
	case "sleep":
		return stay()
	}
	return act(args[1], args[2:])
}

// act does one hostile thing.
func act(what string, args []string) error {
	most := 0
	if len(args) > 0 {
		most, _ = strconv.Atoi(args[len(args)-1]) // where the act has a bound it is the last
	}
	switch what {
	case "try":
		return json.NewEncoder(os.Stdout).Encode(tryAll(args))
	case "status":
		return status()
	case "signals":
		return signalAll()
	case "queue":
		return queueAll()
	case "own":
		return ownAll()
	case "hunt":
		return hunt()
	case "keep":
		return keep(args[0])
	case "take":
		return take(args[0])
	case "kill-all":
		return killAll()
	case "forks":
		return forks(most)
	case "memory":
		return memory(args[0], most)
	case "spin":
		return spin(args[0])
	case "fill":
		return fill(args[0], most)
	case "terminals":
		return terminals()
	case "linger":
		return linger()
	case "hold":
		return hold(args[0])
	case "holding":
		return holding(args[0])
	case "memory-file":
		return fromMemory(args)
	case "links":
		return links(args)
	case "files":
		return files(strings.Join(args, ""))
	}
	return fmt.Errorf("%q is not known", what)
}
