package web

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	"lyceum/app"
)

// policy is what the pages may do: scripts only of our own. CodeMirror and
// Mantine put styles into the page; pictures may be made by it.
const policy = "default-src 'none'; script-src 'self'" + devScripts + "; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; " +
	"manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// headers are on every answer; downloads replace the policy by a stricter one.
var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
}

// protect sets the headers, and refuses what another site makes the browser do.
func (s *Server) protect(next http.Handler) http.Handler {
	foreign := s.handle(func(http.ResponseWriter, *http.Request) error {
		return app.Errorf(app.Denied, "This comes from another site than the one it is sent to. "+
			"If a proxy is in front of Lyceum, it has to pass the Host header on as it is.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		defer s.requests.Done()
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		safe := (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Upgrade") == ""
		if !safe && !sameOrigin(r) {
			foreign.ServeHTTP(w, r)
			return
		}
		if r.URL.Path+"/" == s.BasePath {
			http.Redirect(w, r, s.BasePath, http.StatusMovedPermanently)
			return
		}
		// The mux would redirect to a cleaned path, without the base path.
		clean := path.Clean(r.URL.Path)
		if !strings.HasPrefix(r.URL.Path, s.BasePath) || (clean != r.URL.Path && clean+"/" != r.URL.Path) {
			s.handle(nothingHere).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin reports whether a request comes from one of our pages, or from a
// program that is no browser and so carries nobody's cookies by itself.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none"
}

// behindProxy reports whether the peer is on this machine: then what it says of
// the browser is believed, since only a proxy of the operator is there.
func behindProxy(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback()
}

// address returns the network address of the browser.
func address(r *http.Request) string {
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" && behindProxy(r) {
		// The last entry is the proxy's own; the others are what the browser says.
		last := strings.TrimSpace(forwarded[strings.LastIndex(forwarded, ",")+1:])
		if net.ParseIP(last) != nil {
			return last
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// encrypted reports whether the browser speaks TLS, to us or to a proxy.
func encrypted(r *http.Request) bool {
	return r.TLS != nil || (behindProxy(r) && r.Header.Get("X-Forwarded-Proto") == "https")
}
