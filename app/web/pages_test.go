//go:build !dev

package web_test

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"lyceum/app/web"
)

// Every address in the pages is relative to the base, which only the server
// knows.
func TestIndexKnowsTheBasePath(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	for _, path := range []string{"", "projects/p1/files/a.tex", "sign-up"} {
		resp, body := w.nobody().get(path)
		if resp.StatusCode != 200 || !strings.Contains(body, `<head><base href="/lyceum/"><title>`) {
			t.Errorf("%q: %d %s", path, resp.StatusCode, body)
		}
		if cache := resp.Header.Get("Cache-Control"); cache != "no-cache" {
			t.Errorf("%q is cached as %q", path, cache)
		}
	}
	r := w.nobody().request("GET", "", nil)
	r.URL.Path = "/lyceum"
	if resp, _ := w.nobody().do(r); resp.Header.Get("Location") != "/lyceum/" {
		t.Errorf("without the slash: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

func TestPagesAreSentCompressedToWhoTakesThem(t *testing.T) {
	w := newWorld(t, "/")
	for _, test := range []struct{ accept, encoding, body string }{
		{"gzip, br", "gzip", "\x1f\x8b"}, {"identity", "", "console.log(1)"},
	} {
		r := w.nobody().request("GET", "assets/main-abc.js", nil)
		r.Header.Set("Accept-Encoding", test.accept)
		resp, body := w.nobody().do(r)
		if resp.Header.Get("Content-Encoding") != test.encoding || !strings.HasPrefix(body, test.body) {
			t.Errorf("%s: %s %q", test.accept, resp.Header.Get("Content-Encoding"), body)
		}
		if cache := resp.Header.Get("Cache-Control"); !strings.Contains(cache, "immutable") {
			t.Errorf("cached as %q", cache)
		}
		if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/javascript") {
			t.Errorf("sent as %q", kind)
		}
	}
}

// Who has only run go build must be told what to do.
func TestWithoutPagesThePageSaysWhatToDo(t *testing.T) {
	w := newWorld(t, "/", func(o *web.Options) { o.Pages = fs.FS(nil) })
	resp, body := w.nobody().get("")
	if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "make build") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}
