package stage

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxPlanBytes bounds the plan: a seccomp program and some hundred paths are
// far below it.
const maxPlanBytes = 1 << 20

// Run builds the sandbox and executes the agent in it. It must be called on the
// main thread, locked, before anything else runs. It returns only with an
// error, which it has also written to the ready pipe.
func Run() error {
	err := run()
	report := os.NewFile(ReadyFD, "ready")
	_, _ = io.WriteString(report, err.Error()) // the server may be gone; then nobody reads it
	return err
}

func run() error {
	plan, err := readPlan()
	if err != nil {
		return err
	}
	if plan.Isolated {
		if err := isolate(plan); err != nil {
			return err
		}
	} else if err := os.Chdir(plan.HomePath); err != nil {
		return fmt.Errorf("enter the home: %w", err)
	}
	if err := limitCore(); err != nil {
		return err
	}
	keep := append([]int{ReadyFD, ListenFD, ConfigFD}, plan.UserProcs...)
	if err := closeOthers(keep); err != nil {
		return err
	}
	if plan.Isolated {
		if err := dropPrivileges(plan); err != nil {
			return err
		}
	}
	err = unix.Exec("/proc/self/fd/"+strconv.Itoa(ProgramFD), agentArguments(plan), agentEnvironment())
	return fmt.Errorf("execute the agent: %w", err)
}

func readPlan() (Plan, error) {
	f := os.NewFile(PlanFD, "plan")
	data, err := io.ReadAll(io.LimitReader(f, maxPlanBytes))
	if err != nil {
		return Plan{}, fmt.Errorf("read the plan: %w", err)
	}
	_ = f.Close() // read to its end
	var plan Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		return Plan{}, fmt.Errorf("decode the plan: %w", err)
	}
	return plan, nil
}

// agentArguments are visible in /proc/1/cmdline, so nothing secret is in them.
func agentArguments(plan Plan) []string {
	procs := make([]string, len(plan.UserProcs))
	for i, fd := range plan.UserProcs {
		procs[i] = strconv.Itoa(fd)
	}
	return append([]string{
		"lyceum-agent", "agent",
		"-procs=" + strings.Join(procs, ","),
		"-processes=" + strconv.FormatUint(plan.Processes, 10),
		"-data-bytes=" + strconv.FormatUint(plan.DataBytes, 10),
		"-open-files=" + strconv.FormatUint(plan.OpenFiles, 10),
		"-isolated=" + strconv.FormatBool(plan.Isolated),
	}, plan.Arguments...)
}

// agentEnvironment is the agent's: two Ps are enough for what it does, and the
// collector keeps it small.
func agentEnvironment() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "GOMAXPROCS=2", "GOGC=50"}
}

// closeOthers marks every descriptor but the standard ones and keep to be
// closed by the exec, whoever has left it open.
func closeOthers(keep []int) error {
	if err := unix.CloseRange(3, ^uint(0)>>1&0x7fffffff, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close descriptors: %w", err)
	}
	for _, fd := range keep {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("keep descriptor %d: %w", fd, err)
		}
	}
	return nil
}

// limitCore forbids core files. The limit is 1, not 0: a 0 would still start a
// helper that the host has set as a pipe.
func limitCore() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1}); err != nil {
		return fmt.Errorf("limit core files: %w", err)
	}
	return nil
}
