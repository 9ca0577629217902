package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"lyceum/app/config"
	"lyceum/embed"
	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// errNotWell makes the exit code of doctor, after its lines have said why.
var errNotWell = errors.New("something that serving needs is missing; the lines above say what to do")

// Doctor prints what this machine can and cannot do, a line each. It returns an
// error if serving is not possible as configured.
func Doctor(ctx context.Context, cfg *config.Config, stdout io.Writer) error {
	needed := slices.Concat(checkData(ctx, cfg), checkBuild(), checkIsolation(ctx, cfg), checkDisk(cfg))
	useful := slices.Concat(checkLaTeX(), checkKernels())
	var err error
	for i, f := range slices.Concat(needed, useful) {
		if f.Level == sandbox.Missing && i < len(needed) {
			err = errNotWell
		}
		if _, err := fmt.Fprintf(stdout, "%-8s %-10s %s\n", f.Level, f.About, f.Text); err != nil {
			return err
		}
	}
	return err
}

func finding(level sandbox.Level, about, format string, args ...any) []sandbox.Finding {
	return []sandbox.Finding{{Level: level, About: about, Text: fmt.Sprintf(format, args...)}}
}

func checkBuild() []sandbox.Finding {
	if _, err := embed.Pages(); err != nil {
		return finding(sandbox.Missing, "build", "The pages are %v.", err)
	}
	if _, err := embed.Agent(); err != nil {
		return finding(sandbox.Missing, "build", "The agent is %v.", err)
	}
	if _, err := embed.Network(); err != nil {
		return finding(sandbox.Missing, "build", "The network helper is %v.", err)
	}
	return finding(sandbox.OK, "build", "Pages, agent and network helper are in this executable.")
}

func checkIsolation(ctx context.Context, cfg *config.Config) []sandbox.Finding {
	code, err := embed.Agent()
	if err != nil {
		return nil // checkBuild has said it
	}
	program, err := sandbox.NewProgram(code)
	if err != nil {
		return finding(sandbox.Missing, "isolation", "%s", sentence(err))
	}
	found := sandbox.Probe(ctx, sandbox.Options{
		Mode: sandbox.Mode(cfg.Isolation), Program: program, Log: slog.New(slog.DiscardHandler),
	})
	if os.Geteuid() == 0 { // only then projects have ids of their own
		found = append(found, userIDs(cfg).Check())
	}
	return found
}

// userIDs are those that projects get.
func userIDs(cfg *config.Config) projects.UIDs {
	return projects.UIDs{First: int64(cfg.ProjectUIDs.First), Count: int64(cfg.ProjectUIDs.Count)}
}

// AppArmor prints the profile of this executable.
func AppArmor(stdout io.Writer) error {
	path, err := os.Executable()
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return fmt.Errorf("find this executable: %w", err)
	}
	_, err = io.WriteString(stdout, sandbox.AppArmorProfile(path))
	return err
}

// checkDisk says what bounds the files of projects. Whether they have user ids of
// their own follows from who serves and from the mode.
func checkDisk(cfg *config.Config) []sandbox.Finding {
	mode := sandbox.Mode(cfg.Isolation)
	own := os.Geteuid() == 0 && mode != sandbox.None && mode != sandbox.Unprivileged
	return []sandbox.Finding{projects.CheckDisk(cfg.Data, own, sandbox.DefaultLimits)}
}

// latexPackages is what the slides and most papers need of Debian, without
// recommended packages.
const latexPackages = "apt-get install --no-install-recommends latexmk texlive-latex-recommended texlive-pictures"

func checkLaTeX() []sandbox.Finding {
	path, err := exec.LookPath("latexmk")
	if err != nil {
		return finding(sandbox.Missing, "LaTeX", "There is no latexmk, so documents cannot be built: %s", latexPackages)
	}
	if _, err := exec.LookPath("pdflatex"); err != nil {
		return finding(sandbox.Missing, "LaTeX", "There is no pdflatex, so documents cannot be built: %s", latexPackages)
	}
	return finding(sandbox.OK, "LaTeX", "%s is there.", path)
}

// kernelFolders are where Jupyter looks for kernels of the whole machine, which
// is what projects see.
var kernelFolders = []string{"/usr/share/jupyter/kernels", "/usr/local/share/jupyter/kernels"}

func checkKernels() []sandbox.Finding {
	var names []string
	for _, folder := range kernelFolders {
		specs, err := filepath.Glob(filepath.Join(folder, "*", "kernel.json"))
		if err != nil {
			continue // only a bad pattern, which this is not
		}
		for _, spec := range specs {
			var kernel struct {
				Name string `json:"display_name"`
			}
			if data, err := os.ReadFile(spec); err == nil && json.Unmarshal(data, &kernel) == nil && kernel.Name != "" {
				names = append(names, kernel.Name)
			}
		}
	}
	if len(names) == 0 {
		return finding(sandbox.Missing, "kernels", "There is no Jupyter kernel, so notebooks cannot compute: apt-get install --no-install-recommends python3-ipykernel")
	}
	return finding(sandbox.OK, "kernels", "%s.", strings.Join(names, ", "))
}

// sentence returns what a person reads of an error.
func sentence(err error) string { return operatorError(err).Error() }
