//go:build dev

package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// devScripts: Vite puts scripts into the page that reload it.
const devScripts = " 'unsafe-inline'"

// pages hands everything that is not ours to Vite, which make dev has started:
// one origin, so that cookies and sockets are as in production.
func (s *Server) pages() http.Handler {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:5173"})
	direct := proxy.Director
	proxy.Director = func(r *http.Request) {
		direct(r)
		r.Header.Del("Accept-Encoding") // addBase reads the page
	}
	proxy.ModifyResponse = s.addBase
	return proxy
}

// addBase puts the base path into the page, as the built one has it.
func (s *Server) addBase(answer *http.Response) error {
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	base := fmt.Sprintf("<head><base href=%q>", s.BasePath)
	page = bytes.Replace(page, []byte("<head>"), []byte(base), 1)
	answer.Body = io.NopCloser(bytes.NewReader(page))
	answer.ContentLength = int64(len(page))
	answer.Header.Set("Content-Length", fmt.Sprint(len(page)))
	return nil
}
