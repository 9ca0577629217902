//go:build !dev

package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// devScripts is what make dev adds to the policy of scripts.
const devScripts = ""

// notBuilt is the page of an executable without pages.
const notBuilt = `<!doctype html><meta charset="utf-8"><title>Lyceum</title>
<h1>The pages are not in this executable</h1>
<p>It was made by <code>go build</code> alone. Run <code>make build</code> and start <code>bin/lyceum</code>.</p>
`

// pages serves the built pages. What is no file is the address of something in
// the application, which index.html shows.
func (s *Server) pages() http.Handler {
	if s.Pages == nil {
		return s.plainPage(http.StatusServiceUnavailable, notBuilt)
	}
	index, err := s.index()
	if err != nil { // what was compressed by make build cannot be read: the executable is broken
		s.Log.Error("pages cannot be read", "err", err)
		return s.plainPage(http.StatusInternalServerError, notBuilt)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			s.handle(nothingHere).ServeHTTP(w, r)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		if data, err := fs.ReadFile(s.Pages, name+".gz"); err == nil && name != "index.html" {
			cache := "no-cache"
			if strings.HasPrefix(name, "assets/") { // their names have a hash of their content
				cache = "public, max-age=31536000, immutable"
			}
			s.send(w, r, name, cache, data)
			return
		}
		if strings.HasPrefix(name, "assets/") {
			s.handle(nothingHere).ServeHTTP(w, r)
			return
		}
		s.send(w, r, "index.html", "no-cache", index)
	})
}

// send answers compressed bytes, as they are to whoever takes them.
func (s *Server) send(w http.ResponseWriter, r *http.Request, name, cache string, data []byte) {
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		return
	}
	plain, err := gunzip(data)
	if err != nil {
		s.Log.Error("page cannot be read", "path", name, "err", err)
		http.Error(w, "This page cannot be read.", http.StatusInternalServerError)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(plain))
}

// index returns index.html, compressed, with the base path in it: all addresses
// in the pages are relative to it.
func (s *Server) index() ([]byte, error) {
	packed, err := fs.ReadFile(s.Pages, "index.html.gz")
	if err != nil {
		return nil, err
	}
	plain, err := gunzip(packed)
	if err != nil {
		return nil, fmt.Errorf("index.html: %w", err)
	}
	const head = "<head>"
	at := bytes.Index(plain, []byte(head))
	if at < 0 {
		return nil, errors.New("index.html has no <head>")
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err = fmt.Fprintf(w, "%s<base href=\"%s\">%s", plain[:at+len(head)], html.EscapeString(s.BasePath), plain[at+len(head):])
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

func gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (s *Server) plainPage(code int, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text) // the browser is gone: nobody to tell
	})
}
