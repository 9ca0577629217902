package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/projects"
)

// streams gives package web the byte streams of projects.
type streams struct {
	host  *projects.Host
	store app.Store
}

// OpenFile implements web.Projects.
func (s *streams) OpenFile(ctx context.Context, projectID, path string) (io.ReadCloser, int64, error) {
	client, err := s.host.Client(ctx, projectID)
	if err != nil {
		return nil, 0, err
	}
	s.host.Used(projectID)
	body, info, err := client.Open(ctx, path)
	return body, info.Size, err
}

// Upload implements web.Projects.
func (s *streams) Upload(ctx context.Context, projectID, path string, overwrite bool, r io.Reader) error {
	client, err := s.host.Client(ctx, projectID)
	if err != nil {
		return err
	}
	s.host.Used(projectID)
	_, err = client.Upload(ctx, path, overwrite, r)
	s.host.Used(projectID) // a large one takes long
	return err
}

// AttachTerminal implements web.Projects. It does not start the project: a page
// that connects again would start what somebody has just stopped.
func (s *streams) AttachTerminal(ctx context.Context, projectID, terminalID string, params url.Values) (*websocket.Conn, error) {
	rec, err := s.store.Get(ctx, "terminals", terminalID)
	if err != nil && !errors.Is(err, app.ErrNotFound) {
		return nil, fmt.Errorf("read a terminal: %w", err)
	}
	if err != nil || rec.Row["project_id"] != projectID {
		return nil, app.Errorf(app.NotFound, "This terminal does not exist any more.")
	}
	if err := s.host.Own(ctx, projectID); err != nil {
		return nil, err
	}
	client, running := s.host.Running(projectID)
	if !running {
		return nil, app.Errorf(app.Unavailable, "The project does not run.")
	}
	s.host.Recall(ctx, client, terminalID, rec.Row)
	return client.DialTerminal(ctx, terminalID, params)
}
