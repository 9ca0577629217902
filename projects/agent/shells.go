package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"lyceum/projects/sandbox/stage"
	"lyceum/terminal/pty"
)

// shells starts the programs of terminals.
type shells struct {
	options  options
	config   Config
	children *children
	limits   *limits
	opener   *opener
}

// start is the Start of terminal.Options. The program is the agent's own as a
// shim, which leaves the agent's cgroup before anything else runs.
func (s *shells) start(id string, size pty.Size) (pty.Process, error) {
	shell := "/bin/bash"
	if _, err := os.Stat(shell); err != nil {
		shell = "/bin/sh" // every system has one
	}
	const firstExtra = 3
	doors := make([]string, len(s.options.doors))
	for i := range doors {
		doors[i] = strconv.Itoa(firstExtra + i)
	}
	return pty.Start(pty.Command{
		Argv: slices.Concat([]string{"/proc/self/exe", "shim", strings.Join(doors, ",")}, s.limits.get().arguments(), []string{shell}),
		Env:  append(s.environment(shell), s.opener.environment(id)...), Dir: s.config.Home, Size: size,
		ExtraFiles: s.options.doors, Spawn: s.children.spawn,
	})
}

// environment is all that a shell gets; nothing of the server's is inherited.
func (s *shells) environment(shell string) []string {
	env := []string{
		"HOME=" + s.config.Home, "USER=user", "LOGNAME=user", "SHELL=" + shell,
		"LANG=C.UTF-8", "TERM=xterm-256color", "COLORTERM=truecolor",
		"PATH=" + filepath.Join(s.config.Home, ".local/bin") + ":" + s.commands() + ":/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games",
	}
	if s.options.isolated {
		env = append(env, "XDG_RUNTIME_DIR="+stage.RuntimeDir)
	}
	return env
}

// commands is the folder of our own commands: read-only in a sandbox, without
// one in the project's own scratch.
func (s *shells) commands() string {
	if s.options.isolated {
		return stage.CommandsDir
	}
	return filepath.Join(s.config.Scratch, "lyceum-bin")
}
