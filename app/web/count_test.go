package web_test

import (
	"net/http"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/metrics"
	"lyceum/app/web"
	"lyceum/app/wire"
)

// What an administrator sees of requests must be true, and must name no path:
// those have ids and names of files, and anybody can make them up.
func TestRequestsAreCountedByRouteAndStatus(t *testing.T) {
	m := metrics.New(nil)
	w := newWorld(t, "/lyceum/", func(o *web.Options) { o.Meter = m })
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "owner"})
	ada.get("healthz")
	ada.get("api/projects/p1/files/no-such-file")
	ada.get("api/projects/p1/files/no-such-file-either")
	ada.get("api/made/up")
	ada.do(ada.request(http.MethodPut, "api/projects/p1/files/new.txt", strings.NewReader("twelve bytes")))
	foreign := ada.request(http.MethodPost, "auth/sign-out", nil)
	foreign.Header.Set("Origin", "https://elsewhere.example")
	ada.do(foreign)
	tab := ada.tab(wire.CBOR)
	tab.send(wire.Ask{ID: 1, Query: app.Row{"site_settings": app.Row{"id": "site", "name": nil}}})
	tab.next()

	if n := m.Connections(); n != 1 {
		t.Errorf("%d connections, want that of the tab", n)
	}
	if err := tab.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.web.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := m.Connections(); n != 0 {
		t.Errorf("%d connections after the tab has gone", n)
	}

	r := m.Read().Web
	got := map[string]uint64{}
	for _, q := range r.Requests {
		got[q.Pattern+" "+http.StatusText(q.Status)] = q.N
	}
	for key, n := range map[string]uint64{
		"GET /healthz OK": 1,
		"GET /api/projects/{project}/files/{path...} Not Found": 2,
		"/api/ Not Found":             1,
		"none Forbidden":              1,
		"GET /ws Switching Protocols": 1,
	} {
		if got[key] != n {
			t.Errorf("%s: %d, want %d; all are %v", key, got[key], n, got)
		}
	}
	if len(got) != 6 { // and the upload
		t.Errorf("counted are %v, want six", got)
	}
	if r.Received[metrics.HTTP] != uint64(len("twelve bytes")) {
		t.Errorf("%d bytes came by HTTP, want those of the upload", r.Received[metrics.HTTP])
	}
	if r.Sent[metrics.HTTP] == 0 || r.Sent[metrics.Socket] == 0 || r.Received[metrics.Socket] == 0 {
		t.Errorf("sent %v, received %v, want some over each", r.Sent, r.Received)
	}
}
