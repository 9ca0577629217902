package query_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// world is a site with some people: ada owns project p1, ed edits it, vera views
// it, sam is a stranger with a project of his own, p2; root is administrator.
type world struct {
	t      *testing.T
	engine *query.Engine
	access *access.Index
	store  app.Store
	keys   map[string]app.Caller // scripts, by the names that as takes
}

func newWorld(t *testing.T) *world {
	return worldOn(t, memstore.New(schema.Tables()))
}

func worldOn(t *testing.T, durable app.Store) *world {
	t.Helper()
	index, err := access.Open(t.Context(), durable)
	if err != nil {
		t.Fatal(err)
	}
	w := serverOn(t, query.Options{Durable: durable, Ephemeral: memstore.New(schema.Ephemeral()), Access: index})
	w.people()
	return w
}

// serverOn is a server of a site whose people are there already.
func serverOn(t *testing.T, o query.Options) *world {
	t.Helper()
	engine, err := query.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		engine.Close()
		o.Access.Close()
		if err := engine.Store().Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t, engine, o.Access, engine.Store(), make(map[string]app.Caller)}
}

// people are those of the site.
func (w *world) people() {
	w.t.Helper()
	for _, name := range []string{"ada", "ed", "vera", "sam", "root"} {
		w.put("accounts", app.Row{"id": name, "name": strings.ToUpper(name[:1]) + name[1:], "created": int64(1), "administrator": name == "root", "email_address": name + "@example.org"})
		w.put("emails", app.Row{"address": name + "@example.org", "account_id": name, "created": int64(1)})
		w.put("sessions", app.Row{"id": "s-" + name, "account_id": name, "created": int64(1), "expires": time.Now().Add(time.Hour).UnixMilli()})
	}
	w.project("p1", "Graphs", map[string]string{"ada": "owner", "ed": "editor", "vera": "viewer"})
	w.project("p2", "Secret", map[string]string{"sam": "owner"})
}

func (w *world) project(id, title string, roles map[string]string) {
	users := app.Row{}
	for name, role := range roles {
		users[name] = app.Row{"role": role, "since": int64(1)}
	}
	w.put("projects", app.Row{
		"id": id, "title": title, "users": users, "created": int64(1), "last_edited": int64(1), "uid": int64(1900000001),
		"state": app.Row{"state": "stopped", "since": int64(1)},
	})
}

// put writes a row as the server does.
func (w *world) put(table string, row app.Row) {
	w.t.Helper()
	declared, _ := schema.Lookup(table)
	id, ok := declared.ID(row)
	if !ok {
		w.t.Fatalf("%s: %v has no key", table, row)
	}
	if _, err := w.store.Write(w.t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(table, id string) {
	w.t.Helper()
	if _, err := w.store.Write(w.t.Context(), app.Write{Table: table, ID: id, IfRev: app.AnyRev}); err != nil {
		w.t.Fatal(err)
	}
}

// key makes an API key of an account; name is then a script that has it.
func (w *world) key(name, account, project string, readOnly bool) {
	w.t.Helper()
	row := app.Row{"id": name, "account_id": account, "name": name, "hash": name, "scope": "all", "read_only": readOnly, "created": int64(1)}
	if project != "" {
		row["scope"], row["project_id"] = "project", project
	}
	w.put("api_keys", row)
	caller, ok := w.access.Key(name)
	if !ok {
		w.t.Fatalf("the key %s does not hold", name)
	}
	caller.ConnectionID = "c-" + name
	w.keys[name] = caller
}

// as returns a context in which name has signed in; "" has not.
func (w *world) as(name string) context.Context {
	if name == "" {
		return w.t.Context()
	}
	if script, ok := w.keys[name]; ok {
		return app.WithCaller(w.t.Context(), script)
	}
	return app.WithCaller(w.t.Context(), app.Caller{AccountID: name, SessionID: "s-" + name, ConnectionID: "c-" + name})
}

func (w *world) run(name string, q any, options app.Row, request string) (query.Answer, error) {
	return w.engine.Run(w.as(name), q, options, request)
}

// must runs a query that has to succeed.
func (w *world) must(name string, q any) query.Answer {
	w.t.Helper()
	a, err := w.run(name, q, nil, "")
	if err != nil {
		w.t.Fatalf("%s asks %v: %v", name, q, err)
	}
	return a
}

// says runs a query that has to be refused, and returns kind and sentence.
func (w *world) says(name string, q any, options app.Row) string {
	w.t.Helper()
	a, err := w.run(name, q, options, "")
	if err == nil {
		w.t.Fatalf("%s asks %v and gets %v", name, q, a)
	}
	return said(err)
}

func said(err error) string {
	if err == nil {
		return ""
	}
	kind, message := app.Public(err)
	return string(kind) + ": " + message
}

func list(table string, shape app.Row) app.Row { return app.Row{table: []any{shape}} }

func one(table string, shape app.Row) app.Row { return app.Row{table: shape} }

// text writes rows as "{id:p1 title:Graphs} …", fields and rows in order.
func text(rows ...app.Row) string {
	var words []string
	for _, row := range rows {
		words = append(words, value(row))
	}
	return strings.Join(words, " ")
}

func value(v any) string {
	switch v := v.(type) {
	case app.Row:
		var words []string
		for k, e := range v {
			words = append(words, k+":"+value(e))
		}
		slices.Sort(words)
		return "{" + strings.Join(words, " ") + "}"
	case []byte:
		return fmt.Sprintf("%x", v)
	}
	return fmt.Sprint(v)
}

// tab is one watch with what it was told.
type tab struct {
	t     *testing.T
	stop  context.CancelFunc
	done  chan error
	gate  sync.Mutex // held: the network is stuck
	waits bool       // a message waits for the network

	mu     sync.Mutex
	got    []string
	rows   map[string]app.Row // folded, as a browser does
	pos    app.Position
	asked  string
	came   chan struct{} // closed and replaced with each message
	key    []string
	err    error
	titles []int64 // every title that is a number, as it was told
	over   bool
}

// watch opens a watch that records what it is told and folds it.
func (w *world) watch(name string, q any, options app.Row) *tab {
	w.t.Helper()
	return w.rewatch(name, q, options, map[string]app.Row{})
}

// rewatch is watch by a client that has rows.
func (w *world) rewatch(name string, q any, options app.Row, rows map[string]app.Row) *tab {
	w.t.Helper()
	if options == nil {
		options = app.Row{}
	}
	options["changes"] = true
	ctx, stop := context.WithCancel(w.as(name))
	tab := &tab{t: w.t, asked: fmt.Sprint(name, " ", q, " ", options), stop: stop, done: make(chan error, 1), rows: rows, came: make(chan struct{})}
	for table := range q.(app.Row) {
		declared, _ := schema.Lookup(table)
		tab.key = declared.Key
	}
	go func() {
		err := watch(ctx, w.engine, q, options, tab.take)
		tab.mu.Lock()
		tab.err, tab.over = err, true
		tab.signalLocked()
		tab.mu.Unlock()
		tab.done <- err
	}()
	w.t.Cleanup(tab.close)
	return tab
}

// errOutdated is what a socket answers that may no longer send a message.
var errOutdated = errors.New("the caller may no longer see this")

// watch does what a connection does: it sends whatever there is, until ctx ends,
// the watch ends or send fails.
func watch(ctx context.Context, e *query.Engine, q any, options app.Row, send func(query.Message) error) error {
	woken := make(chan struct{}, 1)
	sub, err := e.Subscribe(ctx, q, options, func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer sub.Close()
	for {
		m, ok, err := sub.Next(ctx)
		switch {
		case err != nil:
			return err
		case ok:
			if err := send(m); err == nil {
				sub.Sent()
			} else if !errors.Is(err, errOutdated) {
				return err
			}
			continue
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (tab *tab) close() {
	tab.stop()
	select {
	case <-tab.done:
	case <-time.After(10 * time.Second):
		tab.t.Error("a watch goes on after its context has ended")
	}
	tab.done <- nil // for another close
}

func (tab *tab) wait(waits bool) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.waits = waits
	tab.signalLocked()
}

func (tab *tab) signalLocked() {
	close(tab.came)
	tab.came = make(chan struct{})
}

// take is the socket: it waits for the network, asks whether the message still
// holds, and writes.
func (tab *tab) take(m query.Message) error {
	tab.wait(true)
	tab.gate.Lock()
	defer tab.gate.Unlock()
	tab.wait(false)
	if !m.Still() {
		return errOutdated
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	defer tab.signalLocked()
	tab.pos = m.Position
	if m.Answer != nil {
		word := "resume"
		if m.Answer.Start {
			word, tab.rows = "start", map[string]app.Row{}
		}
		if m.Answer.Cut {
			word += " cut"
		}
		for _, row := range m.Answer.Rows {
			tab.rows[tab.id(row)] = row
			tab.noteLocked(row)
		}
		tab.got = append(tab.got, strings.TrimSpace(word+" "+text(m.Answer.Rows...)))
		return nil
	}
	for _, c := range m.Changes {
		tab.foldLocked(c)
	}
	return nil
}

func (tab *tab) noteLocked(row app.Row) {
	title, _ := row["title"].(string)
	if n, err := strconv.ParseInt(title, 10, 64); err == nil {
		tab.titles = append(tab.titles, n)
	}
}

func (tab *tab) foldLocked(c query.Change) {
	row := c.New
	if c.Action == "delete" {
		row = c.Old
	}
	id := tab.id(row)
	_, had := tab.rows[id]
	if had != (c.Action != "insert") {
		tab.t.Errorf("%s of %s, which the client has: %t; %v %v", c.Action, id, had, tab.asked, tab.got)
	}
	tab.got = append(tab.got, c.Action+" "+text(row))
	tab.noteLocked(row)
	if c.Action == "delete" {
		delete(tab.rows, id)
		return
	}
	next := app.Row{}
	for k, v := range tab.rows[id] {
		next[k] = v
	}
	before, _ := strconv.ParseInt(fmt.Sprint(next["path"]), 10, 64) // of the tests whose paths count up
	if after, err := strconv.ParseInt(fmt.Sprint(row["path"]), 10, 64); err == nil && after < before {
		tab.t.Errorf("%s goes back from %d to %d", id, before, after)
	}
	for k, v := range row {
		next[k] = v
		if v == nil {
			delete(next, k)
		}
	}
	tab.rows[id] = next
}

func (tab *tab) id(row app.Row) string {
	var parts []any
	for _, name := range tab.key {
		parts = append(parts, row[name])
	}
	return schema.JoinID(parts...)
}

// wants waits for the next words and compares them with what was told, in order.
func (tab *tab) wants(words ...string) {
	tab.t.Helper()
	for _, want := range words {
		tab.until(func() bool { return len(tab.got) > 0 || tab.over }, "something to be told")
		tab.mu.Lock()
		if len(tab.got) == 0 {
			tab.t.Fatalf("the watch ended with %v, want %q", tab.err, want)
		}
		got := tab.got[0]
		tab.got = tab.got[1:]
		tab.mu.Unlock()
		if got != want {
			tab.t.Fatalf("told %q, want %q", got, want)
		}
	}
}

// until waits until a condition on what was told holds.
func (tab *tab) until(holds func() bool, what string) {
	tab.t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		tab.mu.Lock()
		ok, came := holds(), tab.came
		tab.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-came:
		case <-timeout:
			tab.t.Fatalf("waited in vain for %s; told: %q", what, tab.got)
		}
	}
}

// ends waits for the watch to end by itself.
func (tab *tab) ends(want string) {
	tab.t.Helper()
	tab.until(func() bool { return tab.over }, "the end of the watch")
	if errors.Is(tab.err, context.Canceled) || said(tab.err) != want {
		tab.t.Fatalf("the watch ended with %v, want %q", tab.err, want)
	}
}
