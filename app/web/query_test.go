package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/auth"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/app/web"
	"lyceum/app/wire"
)

// script is a program with an API key.
type script struct {
	w   *world
	key string
}

// script makes a key of an account; project "" is every one.
func (w *world) script(id, account, project string, readOnly bool) *script {
	w.t.Helper()
	row := app.Row{"account_id": account, "name": id, "scope": schema.ScopeAll, "read_only": readOnly, "created": int64(1)}
	if project != "" {
		row["scope"], row["project_id"] = schema.ScopeProject, project
	}
	ctx := app.WithCaller(w.t.Context(), app.Caller{AccountID: account})
	made, err := auth.Keys{Auth: w.auth, Access: w.access}.Set(ctx, query.Set{Table: "api_keys", Op: schema.Create, ID: id, Row: row})
	if err != nil {
		w.t.Fatal(err)
	}
	key, _ := made["key"].(string)
	return &script{w, key}
}

// request makes a request with the key; "" sends none.
func (s *script) request(method, path, body string) *http.Request {
	s.w.t.Helper()
	r := s.w.nobody().request(method, path, strings.NewReader(body))
	if s.key != "" {
		r.Header.Set("Authorization", "Bearer "+s.key)
	}
	return r
}

// ask posts a request and returns the status and the answer.
func (s *script) ask(body string) (int, string) {
	s.w.t.Helper()
	resp, answer := s.w.nobody().do(s.request(http.MethodPost, "api/query", body))
	return resp.StatusCode, answer
}

// wants asks and compares the answer, except for positions.
func (s *script) wants(body string, status int, answer string) {
	s.w.t.Helper()
	code, got := s.ask(body)
	var row map[string]any
	if err := json.Unmarshal([]byte(got), &row); err != nil {
		s.w.t.Fatalf("%s is answered %q: %v", body, got, err)
	}
	delete(row, "position")
	plain, err := json.Marshal(row)
	if err != nil {
		s.w.t.Fatal(err)
	}
	if code != status || string(plain) != answer {
		s.w.t.Errorf("%s\n is answered %d %s\n        want %d %s", body, code, plain, status, answer)
	}
}

// The language is that of the socket: a script in a notebook or a cron job needs
// nothing but curl.
func TestAScriptAsksAndSetsByPost(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	w.person("ada")
	w.project("p1", map[string]string{"ada": "owner"})
	w.put("documents", "d1", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(1)})
	w.put("patches", "d1/0000000000000001", app.Row{"document_id": "d1", "seq": int64(1), "project_id": "p1", "time": int64(1), "origin": "o", "n": int64(1), "update": []byte{0, 255}})
	s := w.script("k1", "ada", "", false)
	s.wants(`{"query": {"projects": [{"title": null}]}}`, 200, `{"rows":[{"id":"p1","title":"Graphs"}]}`)
	s.wants(`{"query": {"projects": {"id": "p9", "title": null}}}`, 200, `{"row":null}`)
	s.wants(`{"query": {"projects": {"id": "p1", "title": "Trees"}}, "request": "r1"}`, 200, `{"row":{"id":"p1"}}`)
	s.wants(`{"query": [{"projects": {"id": "p1", "title": null}}, {"accounts": {"name": null}}]}`, 200,
		`{"answers":[{"row":{"id":"p1","title":"Trees"}},{"row":{"id":"ada","name":"Ada"}}]}`)
	s.wants(`{"query": {"patches": [{"document_id": "d1", "update": null}]}}`, 200,
		`{"rows":[{"document_id":"d1","seq":1,"update":{"$bytes":"AP8="}}]}`)
	s.wants(`{"query": {"accounts": [{"id": null}]}, "options": {"limit": 1}}`, 200, `{"rows":[{"id":"ada"}]}`)
}

func TestWhatAScriptGetsWrongIsSaidInASentence(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	w.person("ada")
	w.person("sam")
	w.project("p1", map[string]string{"ada": "owner"})
	w.project("p2", map[string]string{"ada": "editor"})
	all, reads, one := w.script("k1", "ada", "", false), w.script("k2", "ada", "", true), w.script("k3", "ada", "p1", false)
	title := `{"query": {"projects": {"id": "%s", "title": "x"}}}`
	for _, tt := range []struct {
		name   string
		script *script
		body   string
		status int
		says   string
	}{
		{"no key", &script{w: w}, title, 401, `{"kind":"denied","message":"This needs an API key in the header \"Authorization: Bearer …\". Make one in the settings of your account."}`},
		{"a wrong key", &script{w, "lyceum_old"}, title, 401, `{"kind":"denied","message":"This API key is not known: it is mistyped, was revoked or has expired. Make another one in the settings of your account."}`},
		{"no JSON", all, `query=projects`, 422, `{"kind":"invalid","message":"This message is not valid JSON."}`},
		{"no object", all, `[]`, 422, `{"kind":"invalid","message":"A request is an object: {\"query\": {…}}."}`},
		{"no query", all, `{}`, 422, `{"kind":"invalid","message":"The request must have query."}`},
		{"an unknown field", all, `{"query": {}, "id": 1}`, 422, `{"kind":"invalid","message":"The request has no field \"id\"; its fields are query, options, request."}`},
		{"an unknown table", all, `{"query": {"swans": {}}}`, 422, `{"kind":"invalid","message":"There is no table \"swans\"."}`},
		{"the second of an array", all, `{"query": [{"accounts": {"id": null}}, {"swans": {}}]}`, 422, `{"index":1,"kind":"invalid","message":"There is no table \"swans\"."}`},
		{"a watch", all, `{"query": {"projects": [{"id": null}]}, "options": {"changes": true}}`, 422,
			`{"kind":"invalid","message":"A watch needs a connection that stays open: ask it over the WebSocket at /lyceum/ws, with the same key."}`},
		{"a key that reads only", reads, fmt.Sprintf(title, "p1"), 403, `{"kind":"denied","message":"This API key can only read, it cannot set projects."}`},
		{"another project", one, fmt.Sprintf(title, "p2"), 404, `{"kind":"not_found","message":"This project does not exist, or you may not see it."}`},
		{"a table of no project", one, `{"query": {"accounts": [{"id": null}]}}`, 403, `{"kind":"denied","message":"This API key is for one project, and accounts are not of a project."}`},
		{"a new key", all, `{"query": {"api_keys": {"id": "new", "name": "x", "scope": "all", "read_only": false}}}`, 403, `{"kind":"denied","message":"No API key can read or set api_keys. Please sign in with a browser."}`},
		{"too much", all, strings.Repeat(" ", wire.MaxMessage+1), 413, `{"kind":"too_large","message":"This is more than 4194304 bytes, the most that is read here."}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.script.w.t = t
			tt.script.wants(tt.body, tt.status, tt.says)
		})
	}
}

// A page of another site can make a browser send a cookie, never a key.
func TestACookieHasNoAuthorityForScripts(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	r := ada.request(http.MethodPost, "api/query", strings.NewReader(`{"query": {"accounts": [{"id": null}]}}`))
	r.Header.Set("Content-Type", "text/plain") // what a form of another site could send
	resp, body := ada.do(r)
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("answered %d %s", resp.StatusCode, body)
	}
	w.person("sam")
	sam := w.script("k1", "sam", "", false)
	r = ada.request(http.MethodPost, "api/query", strings.NewReader(`{"query": {"accounts": [{"id": null}]}}`))
	r.Header.Set("Authorization", "Bearer "+sam.key)
	if resp, body = ada.do(r); strings.Contains(body, "ada") {
		t.Errorf("with the key of sam and the cookie of ada: %d %s", resp.StatusCode, body)
	}
}

// tab connects the script to the tables.
func (s *script) tab() *tab {
	s.w.t.Helper()
	conn, _, err := s.w.nobody().dial("ws", http.Header{"Authorization": {"Bearer " + s.key}}, wire.ProtocolJSON)
	if err != nil {
		s.w.t.Fatal(err)
	}
	tb := &tab{t: s.w.t, conn: conn, codec: wire.JSON}
	tb.send(wire.ClientHello{Version: wire.Version})
	if hello, ok := tb.next().(wire.ServerHello); !ok || hello.AccountID != "ada" {
		s.w.t.Fatalf("hello is %+v", hello)
	}
	return tb
}

// A key that was found by somebody else is revoked, and with it everything
// that is open under it, at once; the page that revokes it stays signed in.
func TestK4W5ARevokedKeyEndsItsSockets(t *testing.T) {
	w := newWorld(t, "/")
	page := w.person("ada").tab(wire.JSON)
	s := w.script("k1", "ada", "", false)
	other := w.script("k2", "ada", "", true).tab()
	tb := s.tab()
	tb.send(watchName(1))
	if a, ok := tb.next().(wire.Answer); !ok || len(a.Rows) != 1 {
		t.Fatalf("first answer is %+v", a)
	}
	page.send(wire.Ask{ID: 1, Query: app.Row{"api_keys": app.Row{"id": "k1"}}, Options: app.Row{"delete": true}})
	if a, ok := page.next().(wire.Answer); !ok {
		t.Fatalf("the key is not revoked: %+v", a)
	}
	if status, body := s.ask(`{"query": {"accounts": [{"id": null}]}}`); status != http.StatusUnauthorized {
		t.Errorf("after it was revoked: %d %s", status, body)
	}
	_, _, err := tb.conn.ReadMessage()
	if end, ok := err.(*websocket.CloseError); !ok || end.Code != wire.CloseSignedOut || !strings.Contains(end.Text, "API key") {
		t.Errorf("its socket ends with %v", err)
	}
	if conn, resp, err := w.nobody().dial("ws", http.Header{"Authorization": {"Bearer " + s.key}}, wire.ProtocolJSON); err == nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("connecting again: %v, %v, %v", conn, resp, err)
	}
	for name, tb := range map[string]*tab{"the page": page, "another key": other} {
		tb.send(wire.Ping{})
		if m, ok := tb.next().(wire.Pong); !ok {
			t.Errorf("%s is told %+v", name, m)
		}
	}
}

// stuck are tables in which every question waits.
type stuck struct {
	web.Tables
	asked chan struct{}
	goOn  chan struct{}
}

func (s stuck) Run(ctx context.Context, q any, options app.Row, request string) (query.Answer, error) {
	s.asked <- struct{}{}
	select {
	case <-s.goOn:
		return s.Tables.Run(context.WithoutCancel(ctx), q, options, request)
	case <-ctx.Done():
		return query.Answer{}, ctx.Err()
	}
}

func newStuck(t *testing.T) (*world, stuck) {
	s := stuck{asked: make(chan struct{}), goOn: make(chan struct{})}
	w := newWorld(t, "/", func(o *web.Options) {
		s.Tables = o.Tables
		o.Tables = s
	})
	w.person("ada")
	w.person("sam")
	return w, s
}

// asks sends a request and hands over status and answer when they are there.
func (s *script) asks() <-chan string {
	done := make(chan string, 1)
	go func() {
		status, answer := s.ask(`{"query": {"accounts": [{"id": null}]}}`)
		done <- fmt.Sprint(status, " ", answer)
	}()
	return done
}

// A loop that does not wait for answers must not take the server from others.
func TestRequestsOfScriptsAreBoundedForEachAccount(t *testing.T) {
	w, tables := newStuck(t)
	first, second := w.script("k1", "ada", "", false), w.script("k2", "ada", "", false)
	var waiting []<-chan string
	for i := range 8 {
		waiting = append(waiting, []*script{first, second}[i%2].asks())
		<-tables.asked
	}
	if status, body := second.ask(`{}`); status != http.StatusServiceUnavailable || !strings.Contains(body, "8 requests under way") {
		t.Errorf("one more: %d %s", status, body)
	}
	others := w.script("k3", "sam", "", false).asks()
	<-tables.asked
	close(tables.goOn)
	for _, answer := range append(waiting, others) {
		if got := <-answer; !strings.HasPrefix(got, "200 ") {
			t.Error(got)
		}
	}
}

// What was asked before the key was revoked must not be answered after it.
func TestK4W5ARevokedKeyGetsNoAnswerThatIsUnderWay(t *testing.T) {
	w, tables := newStuck(t)
	answer := w.script("k1", "ada", "", false).asks()
	<-tables.asked
	w.put("api_keys", "k1", nil)
	if got := <-answer; !strings.HasPrefix(got, `401 {"kind":"denied","message":"This API key was revoked`) {
		t.Error(got)
	}
}

// Files go by the same keys, within the same bounds; terminals are for people.
func TestBytesByKey(t *testing.T) {
	w := newWorld(t, "/")
	w.person("ada")
	w.project("p1", map[string]string{"ada": "owner"})
	w.project("p2", map[string]string{"ada": "owner"})
	w.projects.files["p1/a.csv"], w.projects.files["p2/a.csv"] = "1,2", "3,4"
	for _, tt := range []struct {
		script   *script
		path     string
		get, put int
	}{
		{w.script("k1", "ada", "", false), "p1", 200, 200},
		{w.script("k2", "ada", "", true), "p1", 200, 403},
		{w.script("k3", "ada", "p1", false), "p1", 200, 200},
		{w.script("k4", "ada", "p1", false), "p2", 404, 404},
		{w.script("k5", "ada", "p1", true), "p1", 200, 403},
		{&script{w, "lyceum_old"}, "p1", 401, 401},
	} {
		get, _ := w.nobody().do(tt.script.request("GET", "api/projects/"+tt.path+"/files/a.csv", ""))
		put, body := w.nobody().do(tt.script.request("PUT", "api/projects/"+tt.path+"/files/b.csv?overwrite=1", "5,6"))
		if get.StatusCode != tt.get || put.StatusCode != tt.put {
			t.Errorf("%s: GET %d, PUT %d (%s), want %d, %d", tt.path, get.StatusCode, put.StatusCode, body, tt.get, tt.put)
		}
	}
	key := w.script("k6", "ada", "", false).key
	conn, _, err := w.nobody().dial("api/projects/p1/terminals/t1/socket", http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		t.Fatal(err)
	}
	if code := closed(t, conn); code != 4401 {
		t.Errorf("a terminal by key is closed with %d", code)
	}
	resp, body := w.nobody().do((&script{w, key}).request("POST", "auth/password", `{"current": "", "new": "correct horse"}`))
	if resp.StatusCode == http.StatusOK {
		t.Errorf("a key has set a password: %s", body)
	}
}
