package web_test

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A page that somebody uploads must not run with the rights of who opens it.
func TestFilesLeaveAsAttachmentsThatNothingRuns(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "viewer"})
	for _, name := range []string{"evil.html", "folder/ä b.svg", `quote".js`, "line\nbreak.txt", "a;b,c.pdf"} {
		w.projects.files["p1/"+name] = "<script>alert(1)</script>"
		resp, body := ada.get("api/projects/p1/files/" + escape(name))
		if resp.StatusCode != 200 || body != "<script>alert(1)</script>" {
			t.Fatalf("%q: %d %s", name, resp.StatusCode, body)
		}
		if kind := resp.Header.Get("Content-Type"); kind != "application/octet-stream" {
			t.Errorf("%q is sent as %s", name, kind)
		}
		if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox;") {
			t.Errorf("%q has the policy %s", name, policy)
		}
		disposition, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
		base := name[strings.LastIndex(name, "/")+1:]
		if err != nil || disposition != "attachment" || (params["filename"] != base && !strings.Contains(name, "\n")) {
			t.Errorf("%q has the disposition %q (%v)", name, resp.Header.Get("Content-Disposition"), err)
		}
	}
}

// escape makes a path as the pages do: each part percent-encoded.
func escape(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// None of these may reach an agent, whatever it does with them.
func TestPathsThatLeaveTheProjectAreRefused(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "owner"})
	w.projects.files["p1/../p2/secret"] = "secret"
	for _, path := range []string{
		"../p2/secret", "..%2Fp2%2Fsecret", "%2e%2e/p2/secret", "a/..%2f..%2fp2/secret", "%2Fetc%2Fpasswd",
		"a//b", ".", "a/./b", "", "a/", "nul%00byte", "bad%ffutf8", strings.Repeat("long/", 1000),
	} {
		for _, method := range []string{"GET", "PUT"} {
			r := ada.request(method, "api/projects/p1/files/x", strings.NewReader("x"))
			r.URL.Opaque = "//" + r.URL.Host + "/api/projects/p1/files/" + path
			resp, body := ada.do(r)
			if resp.StatusCode < 400 || resp.StatusCode >= 500 || strings.Contains(body, "secret") {
				t.Errorf("%s %q: %d %s", method, path, resp.StatusCode, body)
			}
		}
	}
}

// The table of who may do what with files.
func TestFilesAskForTheRole(t *testing.T) {
	w := newWorld(t, "/")
	w.project("p1", map[string]string{"vic": "viewer", "ed": "editor", "ada": "owner"})
	tests := []struct {
		who       string
		get, put  int
		getNoSuch int
	}{
		{"", 403, 403, 403}, {"sam", 404, 404, 404}, {"vic", 200, 403, 404}, {"ed", 200, 200, 404}, {"ada", 200, 200, 404},
	}
	for _, test := range tests {
		t.Run("as "+test.who, func(t *testing.T) {
			w.projects.files["p1/a"] = "text"
			p := w.nobody()
			if test.who != "" {
				p = w.person(test.who)
			}
			if resp, body := p.get("api/projects/p1/files/a"); resp.StatusCode != test.get {
				t.Errorf("get: %d %s", resp.StatusCode, body)
			}
			if resp, body := p.get("api/projects/p1/files/none"); resp.StatusCode != test.getNoSuch {
				t.Errorf("get of what is not there: %d %s", resp.StatusCode, body)
			}
			resp, body := p.do(p.request("PUT", "api/projects/p1/files/a?overwrite=1", strings.NewReader("new")))
			if resp.StatusCode != test.put {
				t.Errorf("put: %d %s", resp.StatusCode, body)
			}
		})
	}
}

func TestUploadAsksBeforeItOverwrites(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "editor"})
	put := func(query, text string) int {
		resp, _ := ada.do(ada.request("PUT", "api/projects/p1/files/a.txt"+query, strings.NewReader(text)))
		return resp.StatusCode
	}
	if code := put("", "one"); code != 200 {
		t.Errorf("new: %d", code)
	}
	if code := put("", "two"); code != http.StatusConflict || w.projects.files["p1/a.txt"] != "one" {
		t.Errorf("existing: %d, now %q", code, w.projects.files["p1/a.txt"])
	}
	if code := put("?overwrite=1", "three"); code != 200 || w.projects.files["p1/a.txt"] != "three" {
		t.Errorf("overwritten: %d, now %q", code, w.projects.files["p1/a.txt"])
	}
}

// stream is a file without end, until it is closed.
type stream struct{ closed chan struct{} }

func (s stream) Read(p []byte) (int, error) {
	select {
	case <-s.closed:
		return 0, io.ErrClosedPipe
	default:
		return len(p), nil
	}
}

func (s stream) Close() error {
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	return nil
}

// Somebody who is removed must not go on downloading what he began.
func TestW5ADownloadEndsWithTheRole(t *testing.T) {
	w := newWorld(t, "/")
	bob := w.person("bob")
	w.project("p1", map[string]string{"ada": "owner", "bob": "viewer"})
	w.projects.size = 1 << 40
	w.projects.opened = func() io.ReadCloser { return stream{make(chan struct{})} }
	resp, err := http.DefaultClient.Do(bob.request("GET", "api/projects/p1/files/big", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	w.project("p1", map[string]string{"ada": "owner"})
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("the download ended as if it were whole")
	}
	if took := time.Since(at); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestW5AnUploadEndsWithTheRole(t *testing.T) {
	w := newWorld(t, "/")
	bob := w.person("bob")
	w.project("p1", map[string]string{"bob": "editor"})
	r, pipe := io.Pipe()
	defer pipe.Close()
	answer := make(chan int, 1)
	go func() {
		resp, err := http.DefaultClient.Do(bob.request("PUT", "api/projects/p1/files/big", r))
		if err != nil {
			answer <- 0 // the server has hung up, which is as good
			return
		}
		_ = resp.Body.Close()
		answer <- resp.StatusCode
	}()
	if _, err := pipe.Write([]byte("some")); err != nil {
		t.Fatal(err)
	}
	w.project("p1", map[string]string{"bob": "viewer"})
	select {
	case code := <-answer:
		if code == 200 {
			t.Error("the upload went through")
		}
	case <-time.After(patience):
		t.Error("the upload goes on")
	}
	w.projects.mu.Lock()
	defer w.projects.mu.Unlock()
	if _, there := w.projects.files["p1/big"]; there {
		t.Error("something of it was kept")
	}
}
