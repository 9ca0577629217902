package stage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// resources are the limits that the shim sets.
var resources = []int{unix.RLIMIT_NPROC, unix.RLIMIT_DATA, unix.RLIMIT_NOFILE}

// Shim is the way of every program of a person: it leaves the agent's cgroup
// for the user's, takes on the limits, and becomes the program. It returns only
// with an error.
//
// Arguments: the descriptors of cgroup.procs ("8,9" or ""), the limits in the
// order of resources (0 is none), then the program and its arguments.
func Shim(arguments []string) error {
	first := 1 + len(resources)
	if len(arguments) <= first {
		return errors.New("the shim needs a program")
	}
	if err := joinUserLeaf(arguments[0]); err != nil {
		return err
	}
	if err := setLeftAlone(byDefault); err != nil {
		return err
	}
	for i, resource := range resources {
		n, err := strconv.ParseUint(arguments[1+i], 10, 64)
		if err != nil {
			return fmt.Errorf("limit %d: %w", i, err)
		}
		if n == 0 {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("read limit %d: %w", i, err)
		}
		n = min(n, now.Max)
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("set limit %d: %w", i, err)
		}
	}
	name, err := exec.LookPath(arguments[first])
	if err != nil {
		return err
	}
	return fmt.Errorf("execute %s: %w", name, unix.Exec(name, arguments[first:], os.Environ()))
}

func joinUserLeaf(list string) error {
	if list == "" {
		return nil
	}
	for field := range strings.SplitSeq(list, ",") {
		fd, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("descriptor of a cgroup: %w", err)
		}
		if _, err := unix.Write(fd, []byte("0")); err != nil {
			return fmt.Errorf("join the cgroup of programs: %w", err)
		}
		if err := unix.Close(fd); err != nil {
			return fmt.Errorf("close the cgroup of programs: %w", err)
		}
	}
	return nil
}
