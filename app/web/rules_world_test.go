package web_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
	"lyceum/app/web"
	"lyceum/app/wire"
)

// The rules Q, L and W as somebody outside sees them: a real WebSocket, the real
// engine, a database in a file. The files rules_q, rules_l and rules_w have one
// test a rule; what is said is compared as text, so that a test reads as a
// conversation.

// school is a world on SQLite with some people: ada owns p1, ed edits it, vera
// views it; sam is a stranger with a project of his own, p2; root is
// administrator.
func school(t *testing.T, change ...func(*web.Options)) *world {
	t.Helper()
	w := schoolIn(t, filepath.Join(t.TempDir(), "lyceum.db"), change...)
	for _, name := range []string{"ada", "ed", "vera", "sam", "root"} {
		w.people[name] = w.person(name)
	}
	w.put("accounts", "root", app.Row{"id": "root", "name": "Root", "administrator": true, "created": int64(1)})
	w.project("p1", map[string]string{"ada": "owner", "ed": "editor", "vera": "viewer"})
	w.project("p2", map[string]string{"sam": "owner"})
	return w
}

// schoolIn opens a database without making projects.
func schoolIn(t *testing.T, path string, change ...func(*web.Options)) *world {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), path, schema.Tables())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return worldOn(t, store, "/", change...)
}

// inBoth runs a test in both forms of messages.
func inBoth(t *testing.T, test func(t *testing.T, codec wire.Codec)) {
	for _, codec := range codecs {
		t.Run(codec.Protocol, func(t *testing.T) { test(t, codec) })
	}
}

// talk is a tab that keeps apart what is said of each of its questions.
type talk struct {
	*tab
	last int64
	said map[int64][]string // what came of a question and was not looked at
	at   map[int64]app.Row  // the position of a watch
	raw  map[int64]string   // the last message as it came
}

// as connects as somebody, who is signed in the first time; "" is nobody.
func (w *world) as(name string, codec wire.Codec) *talk {
	w.t.Helper()
	if w.people[name] == nil {
		w.people[name] = w.nobody()
		if name != "" {
			w.people[name] = w.person(name)
		}
	}
	return talking(w.people[name].tab(codec))
}

func talking(tb *tab) *talk {
	return &talk{tab: tb, said: map[int64][]string{}, at: map[int64]app.Row{}, raw: map[int64]string{}}
}

// ask sends a question and returns its id.
func (c *talk) ask(q any, options app.Row, request string) int64 {
	c.t.Helper()
	c.last++
	c.send(wire.Ask{ID: c.last, Query: q, Options: options, Request: request})
	return c.last
}

// hear waits for the next that is said of a question.
func (c *talk) hear(id int64) string {
	c.t.Helper()
	for len(c.said[id]) == 0 {
		data := c.heard()
		m, err := c.codec.DecodeServer(data)
		if err != nil {
			c.t.Fatalf("%v in %q", err, data)
		}
		c.note(m, string(data))
	}
	first := c.said[id][0]
	c.said[id] = c.said[id][1:]
	return first
}

func (c *talk) note(m wire.Message, raw string) {
	var id int64
	var words string
	switch m := m.(type) {
	case wire.Answer:
		id, words = m.ID, answered(m.Result)
		c.place(id, m.Position)
	case wire.Changes:
		id = m.ID
		var each []string
		for _, ch := range m.Changes {
			each = append(each, changed(ch))
		}
		words = strings.Join(each, " & ")
		c.place(id, &m.Position)
	case wire.Failure:
		id, words = m.ID, fmt.Sprintf("%s: %s", m.Error.Kind, m.Error.Message)
		if m.Error.Index != nil {
			words = fmt.Sprintf("%s (query %d)", words, *m.Error.Index)
		}
	default:
		words = fmt.Sprintf("%T", m)
	}
	c.said[id] = append(c.said[id], words)
	c.raw[id] = raw
}

func (c *talk) place(id int64, p *app.Position) {
	if p != nil {
		c.at[id] = app.Row{"log": p.Log, "n": p.N}
	}
}

// answered writes an answer: "start" begins one of a watch, "cut" says that there
// is more.
func answered(r wire.Result) string {
	var words []string
	switch {
	case r.Answers != nil:
		for _, one := range r.Answers {
			words = append(words, answered(one))
		}
		return strings.Join(words, " | ")
	case r.Start:
		words = append(words, "start")
	case r.Position != nil && r.Rows != nil: // of a set it is where the set is
		words = append(words, "resumed")
	}
	if r.Cut {
		words = append(words, "cut")
	}
	if r.Rows == nil {
		return strings.Join(append(words, text(r.Row)), " ")
	}
	for _, row := range r.Rows {
		words = append(words, text(row))
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}

func changed(ch wire.Change) string {
	switch {
	case ch.NewVal != nil && ch.OldVal != nil:
		return ch.Action + " " + text(ch.NewVal) + " of " + text(ch.OldVal)
	case ch.NewVal != nil:
		return ch.Action + " " + text(ch.NewVal)
	}
	return ch.Action + " " + text(ch.OldVal)
}

// text writes a row as {id:p1 title:Graphs}, keys in order.
func text(v any) string {
	switch v := v.(type) {
	case app.Row:
		var words []string
		for name, e := range v {
			words = append(words, name+":"+text(e))
		}
		slices.Sort(words)
		if v == nil {
			return "null"
		}
		return "{" + strings.Join(words, " ") + "}"
	case []byte:
		return fmt.Sprintf("0x%x", v)
	case string:
		return v
	}
	data, _ := json.Marshal(v) // numbers, booleans, null and lists of them
	return string(data)
}

// says asks and returns what is answered.
func (c *talk) says(q any, options app.Row) string {
	c.t.Helper()
	return c.hear(c.ask(q, options, ""))
}

// sets sets a row and fails if that is refused.
func (c *talk) sets(table string, row app.Row) {
	c.t.Helper()
	if got := c.says(one(table, row), nil); !strings.HasPrefix(got, "{") {
		c.t.Fatalf("a set of %s %v says %s", table, row, got)
	}
}

// wants asks and compares the answer.
func (c *talk) wants(q any, options app.Row, want string) {
	c.t.Helper()
	if got := c.says(q, options); got != want {
		c.t.Errorf("%v %v\nsays %s\nwant %s", q, options, got, want)
	}
}

// watching is one watch of a talk.
type watching struct {
	*talk
	id int64
}

func (c *talk) watch(q app.Row, options app.Row) watching {
	c.t.Helper()
	all := app.Row{"changes": true}
	for name, v := range options {
		all[name] = v
	}
	return watching{c, c.ask(q, all, "")}
}

// hears compares the next messages.
func (w watching) hears(want ...string) {
	w.t.Helper()
	for _, words := range want {
		if got := w.hear(w.id); got != words {
			w.t.Fatalf("hears %s\nwant  %s", got, words)
		}
	}
}

func list(table string, shape app.Row) app.Row { return app.Row{table: []any{shape}} }

func one(table string, shape app.Row) app.Row { return app.Row{table: shape} }

// member gives somebody a role, as an owner does; "" removes.
func (c *talk) member(project, account, role string) {
	c.t.Helper()
	row, options := app.Row{"project_id": project, "account_id": account}, app.Row{"delete": true}
	if role != "" {
		row["role"], options = role, nil
	}
	if got := c.says(one("members", row), options); !strings.HasPrefix(got, "{") {
		c.t.Fatalf("%s for %s in %s: %s", role, account, project, got)
	}
}

// terminal puts a terminal as the server does; its title is what changes.
func (w *world) terminal(id, project, title string) {
	w.t.Helper()
	w.put("terminals", id, app.Row{"id": id, "project_id": project, "title": title, "account_id": "ada", "created": int64(1)})
}
