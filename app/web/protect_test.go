package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"lyceum/app/wire"
)

// One answer without its headers is a page that can be framed, or a file that a
// browser runs.
func TestEveryAnswerHasTheHeaders(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "owner"})
	w.projects.files["p1/evil.html"] = "<script>alert(1)</script>"
	tests := []struct {
		method, path string
		status       int
	}{
		{"GET", "", 200},
		{"GET", "projects/p1/files/a.tex", 200},
		{"GET", "assets/main-abc.js", 200},
		{"GET", "assets/gone.js", 404},
		{"GET", "healthz", 200},
		{"GET", "ws", 400}, // no upgrade
		{"GET", "api/nothing", 404},
		{"GET", "api/query", 404},
		{"POST", "api/query", 401},
		{"GET", "api/tables", 404},
		{"POST", "api/tables", 422}, // not of its content type
		{"POST", "api/tables/c1", 404},
		{"POST", "auth/sign-in", 422},
		{"POST", "auth/nothing", 404},
		{"POST", "somewhere", 404},
		{"GET", "api/projects/p1/files/evil.html", 200},
		{"GET", "api/projects/p1/files/gone", 404},
		{"PUT", "api/projects/p1/files/new", 200},
		{"DELETE", "api/projects/p1/files/new", 404},
		{"GET", "api/projects/p1/terminals/t1/socket", 400},
		{"GET", "../outside", 404},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			resp, body := ada.do(ada.request(test.method, test.path, strings.NewReader("")))
			if resp.StatusCode != test.status {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, test.status, body)
			}
			policy := resp.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("policy is %q", policy)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := resp.Header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if resp.StatusCode >= 400 && resp.StatusCode != 400 {
				var e struct{ Kind, Message string }
				if err := json.Unmarshal([]byte(body), &e); err != nil || e.Kind == "" || !strings.HasSuffix(e.Message, ".") {
					t.Errorf("error is %s (%v)", body, err)
				}
			}
		})
	}
}

// Another site must not sign anybody in or out, write files, or open a socket
// with the cookies of who visits it.
func TestOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "owner"})
	own := strings.TrimPrefix(w.server.URL, "http://")
	tests := []struct {
		name    string
		headers map[string]string
		allowed bool
	}{
		{"another site", map[string]string{"Origin": "https://evil.example"}, false},
		{"another port", map[string]string{"Origin": "http://127.0.0.1:1"}, false},
		{"opaque origin", map[string]string{"Origin": "null"}, false},
		{"a site that begins alike", map[string]string{"Origin": "http://" + own + ".evil.example"}, false},
		{"fetched by another site", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		{"fetched by a sibling site", map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		{"our own page", map[string]string{"Origin": "http://" + own, "Sec-Fetch-Site": "same-origin"}, true},
		{"a program", nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{}
			for name, value := range test.headers {
				header.Set(name, value)
			}
			for path, method := range map[string]string{"auth/sign-in": "POST", "api/query": "POST", "api/tables": "POST", "api/projects/p1/files/x": "PUT"} {
				r := ada.request(method, path, strings.NewReader("x"))
				for name, value := range test.headers {
					r.Header.Set(name, value)
				}
				resp, body := ada.do(r)
				if allowed := resp.StatusCode != http.StatusForbidden; allowed != test.allowed {
					t.Errorf("%s %s: %d %s", method, path, resp.StatusCode, body)
				}
			}
			for _, path := range []string{"ws", "api/projects/p1/terminals/t1/socket"} {
				conn, resp, err := ada.dial(path, header.Clone(), wire.ProtocolJSON)
				if (err == nil) != test.allowed {
					t.Errorf("WebSocket %s: %v", path, err)
				}
				if err == nil {
					_ = conn.Close()
				} else if resp == nil || resp.StatusCode != http.StatusForbidden {
					t.Errorf("WebSocket %s is refused with %+v", path, resp)
				}
			}
		})
	}
}
