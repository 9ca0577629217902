package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// person is somebody with an account, signed in.
type person struct {
	server *server
	email  string
	cookie string
}

// signUp makes an account with a token.
func (s *server) signUp(ctx context.Context, token, name string) (*person, error) {
	p := &person{server: s, email: strings.ToLower(name) + "@example.org"}
	body, err := json.Marshal(map[string]string{
		"token": token, "email": p.email, "password": "correct horse battery", "name": name,
	})
	if err != nil {
		return nil, err
	}
	response, err := p.request(ctx, http.MethodPost, "auth/sign-up", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	p.cookie, _, _ = strings.Cut(response.Header.Get("Set-Cookie"), ";")
	return p, nil
}

// request asks by HTTP. The answer's body is closed.
func (p *person) request(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.server.base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", p.cookie)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body) // as much as there is of an explanation
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return response, nil
}

// upload puts a file into a project.
func (p *person) upload(ctx context.Context, project, path string, body io.Reader) error {
	_, err := p.request(ctx, http.MethodPut, "api/projects/"+project+"/files/"+path, body)
	return err
}

// dial opens a WebSocket.
func (p *person) dial(ctx context.Context, path string, protocols ...string) (*websocket.Conn, error) {
	d := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: patience}
	conn, _, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(p.server.base, "http")+path, http.Header{"Cookie": {p.cookie}})
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	return conn, nil
}

// leave closes a WebSocket as a browser does. What it cannot say any more, the
// server learns from the connection.
func leave(conn *websocket.Conn) {
	bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	_ = conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
	_ = conn.Close()
}
