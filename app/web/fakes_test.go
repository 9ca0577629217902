package web_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"lyceum/app"
)

// fakeProjects plays the agents: files in a map, and a shell that echoes.
type fakeProjects struct {
	shell *httptest.Server

	mu     sync.Mutex
	files  map[string]string // project/path → content
	opened func() io.ReadCloser
	params url.Values // of the last terminal that was attached
	size   int64
	left   chan struct{} // one for each viewer of a terminal that has left
}

func newFakeProjects(t *testing.T) *fakeProjects {
	f := &fakeProjects{files: map[string]string{}, left: make(chan struct{}, 100)}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	f.shell = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { f.left <- struct{}{} }()
		defer conn.Close()
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"op":"hello"}`)); err != nil {
			return
		}
		for {
			kind, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if code := map[string]int{"exit\r": 4404, "lie\r": 4401}[string(data)]; code != 0 {
				message := websocket.FormatCloseMessage(code, "This terminal has ended.")
				_ = conn.WriteMessage(websocket.CloseMessage, message) // the relay sees it or has left
				return
			}
			if err := conn.WriteMessage(kind, data); err != nil {
				return
			}
		}
	}))
	t.Cleanup(f.shell.Close)
	return f
}

func (f *fakeProjects) OpenFile(_ context.Context, project, path string) (io.ReadCloser, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opened != nil {
		return f.opened(), f.size, nil
	}
	content, ok := f.files[project+"/"+path]
	if !ok {
		return nil, 0, app.Errorf(app.NotFound, "There is no file with this name.")
	}
	return io.NopCloser(strings.NewReader(content)), int64(len(content)), nil
}

func (f *fakeProjects) Upload(_ context.Context, project, path string, overwrite bool, r io.Reader) error {
	var content bytes.Buffer
	if _, err := io.Copy(&content, r); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, exists := f.files[project+"/"+path]; exists && !overwrite {
		return app.Errorf(app.Conflict, "There is a file with this name.")
	}
	f.files[project+"/"+path] = content.String()
	return nil
}

func (f *fakeProjects) AttachTerminal(ctx context.Context, _, terminal string, params url.Values) (*websocket.Conn, error) {
	if terminal != "t1" {
		return nil, app.Errorf(app.NotFound, "This terminal does not exist any more.")
	}
	f.mu.Lock()
	f.params = params
	f.mu.Unlock()
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(f.shell.URL, "http"), nil)
	return conn, err
}
