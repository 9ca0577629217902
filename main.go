// Command lyceum turns a Linux machine into a place where people compute
// together in the browser: documents, terminals and projects, served by this one
// executable.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"lyceum/app/config"
	"lyceum/app/reference"
	"lyceum/app/server"
)

// version is set by make build.
var version = ""

//go:embed THIRD_PARTY_NOTICES.md
var notices string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once: after the first NotifyContext lets go.
	context.AfterFunc(ctx, stop)

	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "lyceum:", err)
		os.Exit(1)
	}
}

// run is main without its globals, so that tests can call it.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	cfg, err := config.Load(args, getenv)
	if err != nil {
		return err
	}
	switch cfg.Command {
	case "help":
		_, err = fmt.Fprint(stdout, config.Usage())
	case "version":
		_, err = fmt.Fprintln(stdout, "lyceum", builtVersion())
	case "notices":
		_, err = fmt.Fprint(stdout, notices)
	case "config":
		_, err = fmt.Fprint(stdout, cfg)
	case "schema":
		err = printSchema(cfg, stdout)
	case "doctor":
		err = server.Doctor(ctx, cfg, stdout)
	case "apparmor":
		err = server.AppArmor(stdout)
	case "admin":
		err = server.AdminLink(ctx, cfg, cfg.Args[1], stdout)
	case "claim":
		err = server.Claim(ctx, cfg, cfg.Args[0], stdout)
	case "database":
		err = server.Database(ctx, cfg, stdout, stderr)
	case "stop":
		err = server.StopProjects(ctx, cfg, stdout)
	default:
		err = server.Run(ctx, cfg, builtVersion(), stdout, stderr)
	}
	return err
}

// printSchema prints the tables, or the one that is named.
func printSchema(cfg *config.Config, stdout io.Writer) error {
	text, err := reference.Text(cfg.Args...)
	if cfg.JSON {
		text, err = reference.JSON(cfg.Args...)
	}
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}

// builtVersion is what make build has set, else the commit that go build noted.
func builtVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return s.Value[:12]
			}
		}
	}
	return "unknown"
}
