package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"

	"lyceum/app"
	"lyceum/app/config"
)

// claimRequest gives a project to the server, claimAnswer says which it is.
type claimRequest struct {
	Project string `json:"project"`
}

type claimAnswer struct {
	Title string `json:"title"`
}

// Claim gives a project that no server has to the one that uses the data
// directory. That one must run: only then do the others know it.
func Claim(ctx context.Context, cfg *config.Config, project string, stdout io.Writer) error {
	asking, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	var answer claimAnswer
	err := askServer(asking, cfg.Data, "/claim", claimRequest{project}, &answer)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		err = app.Errorf(app.Unavailable, "No server uses the data directory %s. Start it, and give the same command again.", cfg.Data)
	}
	if err != nil {
		return operatorError(err)
	}
	_, err = fmt.Fprintf(stdout, "The project %s (%q) is on this server from now on. What it has is in %s; if files of it turn up, put them there before it is started.\n",
		project, answer.Title, filepath.Join(cfg.Data, "projects", project))
	return err
}
