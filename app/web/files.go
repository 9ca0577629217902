package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/app"
)

const (
	// maxUpload is more than browsers send in an afternoon. What a project may
	// hold is its quota's business.
	maxUpload = 16 << 30
	// chunkTimeout is how long one chunk may take in either direction. A browser
	// that takes or gives nothing for so long is gone.
	chunkTimeout = time.Minute
	// chunkSize is what lies in memory of each transfer.
	chunkSize = 256 << 10
	// maxPath is that of Linux.
	maxPath = 4096
)

// download sends a file of a project as an attachment that no browser runs.
func (s *Server) download(w http.ResponseWriter, r *http.Request) error {
	ctx, r, end, err := s.guardFile(r, app.Viewer)
	if err != nil {
		return err
	}
	defer end()
	name := r.PathValue("path")
	body, size, err := s.Projects.OpenFile(ctx, r.PathValue("project"), name)
	if err != nil {
		return err
	}
	defer body.Close()
	stop := context.AfterFunc(ctx, func() { _ = body.Close() }) // ends a read that waits
	defer stop()

	h := w.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", attachment(path.Base(name)))
	h.Set("Content-Length", fmt.Sprint(size))
	h.Set("Cache-Control", "no-store")
	sent, err := copyChunks(w, io.LimitReader(body, size), func(now time.Time) error {
		return errors.Join(ctx.Err(), http.NewResponseController(w).SetWriteDeadline(now.Add(chunkTimeout)))
	})
	if err != nil || sent < size || ctx.Err() != nil {
		s.Log.InfoContext(r.Context(), "download cut off", "project", r.PathValue("project"), "bytes", sent, "err", err)
		// The status has been sent: only a broken connection tells the browser
		// that the file is not whole. net/http knows this panic.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// attachment returns a Content-Disposition for any name.
func attachment(name string) string {
	if header := mime.FormatMediaType("attachment", map[string]string{"filename": name}); header != "" {
		return header
	}
	return "attachment"
}

// upload puts the body of a request at a path of a project.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) error {
	err := s.receive(w, r)
	if err != nil {
		// A browser that is still sending does not read why it was refused, so
		// what it sends is taken for a bounded while. An error only ends that.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTimeout))
		_, _ = io.CopyN(io.Discard, r.Body, drainBytes)
	}
	return err
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request) error {
	ctx, r, end, err := s.guardFile(r, app.Editor)
	if err != nil {
		return err
	}
	defer end()
	if r.ContentLength > maxUpload {
		return app.Errorf(app.TooLarge, "This file has more than %d GiB, the most that can be uploaded.", maxUpload>>30)
	}
	deadline := http.NewResponseController(w).SetReadDeadline
	body := &steadyReader{r: http.MaxBytesReader(w, r.Body, maxUpload), ctx: ctx, deadline: deadline}
	stop := context.AfterFunc(ctx, func() { _ = deadline(time.Unix(1, 0)) }) // ends a read that waits
	defer stop()
	overwrite := r.URL.Query().Get("overwrite") == "1"
	if err := s.Projects.Upload(ctx, r.PathValue("project"), r.PathValue("path"), overwrite, body); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause // the role was lost meanwhile
		}
		return body.explain(err)
	}
	encode(w, http.StatusOK, struct{}{})
	return nil
}

// guardFile checks the address, who asks, and what the role allows; the context
// ends with the role.
func (s *Server) guardFile(r *http.Request, need app.Role) (context.Context, *http.Request, context.CancelFunc, error) {
	caller, r, err := s.asker(r)
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, end, err := s.Access.Guard(r.Context(), caller, r.PathValue("project"), need)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := checkPath(r.PathValue("path")); err != nil {
		end()
		return nil, nil, nil, err
	}
	return ctx, r, end, nil
}

// checkPath refuses what is no path of a file below home. The agent, which has
// the files, checks again.
func checkPath(name string) error {
	switch {
	case name == "":
		return app.Errorf(app.Invalid, "The address names no file.")
	case len(name) > maxPath:
		return app.Errorf(app.TooLarge, "This path has more than %d bytes, the most that a path has.", maxPath)
	case !utf8.ValidString(name):
		return app.Errorf(app.Invalid, "This path is not valid UTF-8.")
	case strings.Contains(name, "\x00"):
		return app.Errorf(app.Invalid, "This path has a byte that no path has.")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return app.Errorf(app.Invalid, "This is not the path of a file in the project.")
		}
	}
	return nil
}

// copyChunks copies and calls before ahead of each chunk.
func copyChunks(w io.Writer, r io.Reader, before func(now time.Time) error) (sent int64, err error) {
	buffer := make([]byte, chunkSize)
	for {
		n, readErr := r.Read(buffer)
		if n > 0 {
			if err := before(time.Now()); err != nil {
				return sent, err
			}
			if _, err := w.Write(buffer[:n]); err != nil {
				return sent, err
			}
			sent += int64(n)
		}
		if errors.Is(readErr, io.EOF) {
			return sent, nil
		}
		if readErr != nil {
			return sent, readErr
		}
	}
}

// steadyReader reads a request whose browser has to give something every minute.
type steadyReader struct {
	r        io.Reader
	ctx      context.Context
	deadline func(time.Time) error
	err      error // of the browser's side
}

// Read implements io.Reader.
func (s *steadyReader) Read(p []byte) (int, error) {
	if err := s.deadline(time.Now().Add(chunkTimeout)); err != nil {
		return 0, err
	}
	if err := s.ctx.Err(); err != nil { // after the deadline: its end sets an earlier one
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// explain says whether an upload failed because of the browser's side.
func (s *steadyReader) explain(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](s.err); tooLarge {
		return app.Errorf(app.TooLarge, "This file has more than %d GiB, the most that can be uploaded.", maxUpload>>30)
	}
	if s.err != nil {
		return app.Explain(s.err, app.Unavailable, "The upload was cut off, and nothing of it was kept. Please try again.")
	}
	return err
}
