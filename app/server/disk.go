package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"lyceum/app"
	"lyceum/app/document"
	"lyceum/projects/agent"
	"lyceum/projects/files"
)

// disk gives the rooms of documents the files of a project that runs.
type disk struct{ client *agent.Client }

// diskOf returns the disk of a project, which is started if need be.
func (s *server) diskOf(ctx context.Context, projectID string) (document.Files, error) {
	client, err := s.host.Client(ctx, projectID)
	if err != nil {
		return nil, err
	}
	return disk{client}, nil
}

// diskOfRunning returns the disk of a project that runs.
func (s *server) diskOfRunning(projectID string) (document.Files, bool) {
	client, ok := s.host.Running(projectID)
	return disk{client}, ok
}

// ReadDocument implements document.Files.
func (d disk) ReadDocument(ctx context.Context, path string) (document.File, error) {
	doc, err := d.client.ReadDocument(ctx, path, document.MaxText)
	if err != nil {
		return document.File{}, missing(err)
	}
	return document.File{Data: doc.Data, Hash: hex.EncodeToString(doc.Hash)}, nil
}

// WriteDocument implements document.Files.
func (d disk) WriteDocument(ctx context.Context, save document.Save) (document.Saved, error) {
	known, err := fromHex(save.Known)
	if err != nil {
		return document.Saved{}, err
	}
	written, err := d.client.WriteDocument(ctx, save.Path, save.Data, files.Expect{
		Hashes: known, Absent: save.Create, Max: document.MaxText,
	})
	if err != nil {
		return document.Saved{}, missing(err)
	}
	saved := document.Saved{Hash: hex.EncodeToString(written.Hash)}
	if written.Left != nil {
		left := displaced(*written.Left)
		saved.Displaced = &left
	}
	return saved, nil
}

// Leftovers implements document.Files.
func (d disk) Leftovers(ctx context.Context, path string, known []string) ([]document.Displaced, error) {
	hashes, err := fromHex(known)
	if err != nil {
		return nil, err
	}
	left, err := d.client.Leftovers(ctx, path, hashes, document.MaxText)
	if err != nil {
		return nil, missing(err)
	}
	all := make([]document.Displaced, 0, len(left))
	for _, l := range left {
		all = append(all, displaced(l))
	}
	return all, nil
}

// Discard implements document.Files.
func (d disk) Discard(ctx context.Context, path string, left document.Displaced) error {
	hash, err := hex.DecodeString(left.Hash)
	if err != nil {
		return fmt.Errorf("hash %q: %w", left.Hash, err)
	}
	return d.client.Discard(ctx, path, left.Name, hash)
}

// WatchDocument implements document.Files.
func (d disk) WatchDocument(ctx context.Context, path string, changed func()) error {
	return d.client.Watch(ctx, []string{path}, func(files.Event) error {
		changed()
		return nil
	})
}

func displaced(l files.Left) document.Displaced {
	return document.Displaced{Name: l.Name, File: document.File{Data: l.Data, Hash: hex.EncodeToString(l.Hash)}}
}

func fromHex(hashes []string) ([][]byte, error) {
	all := make([][]byte, 0, len(hashes))
	for _, h := range hashes {
		data, err := hex.DecodeString(h)
		if err != nil {
			return nil, fmt.Errorf("hash %q: %w", h, err)
		}
		all = append(all, data)
	}
	return all, nil
}

// missing adds app.ErrNotFound to the sentence that a file is not there.
func missing(err error) error {
	if app.IsKind(err, app.NotFound) {
		return errors.Join(err, app.ErrNotFound)
	}
	return err
}
