package query_test

import (
	"errors"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// Each is what a script gets to read when it has asked wrongly: the sentence
// has to say what is wrong and what would be right.
func TestMalformedQueriesAreRefusedWithASentence(t *testing.T) {
	w := newWorld(t)
	shape := app.Row{"id": nil}
	tests := []struct {
		name    string
		query   any
		options app.Row
		want    string
	}{
		{"Q1/not an object", "projects", nil, "invalid: A query is an object with one key, the name of a table."},
		{"Q1/two keys", app.Row{"a": nil, "b": nil}, nil, "invalid: A query is an object with one key, the name of a table; this has 2 keys."},
		{"Q1/unknown table", list("project", shape), nil, `invalid: There is no table "project".`},
		{"Q1/a table of the server's own is unknown", list("credentials", app.Row{"password": nil}), nil, `invalid: There is no table "credentials".`},
		{"Q2/list of two", app.Row{"projects": []any{shape, shape}}, nil, "invalid: The value of projects is an object, or a list of exactly one object; this list has 2."},
		{"Q2/list of nothing", app.Row{"projects": []any{}}, nil, "invalid: The value of projects is an object, or a list of exactly one object; this list has 0."},
		{"Q2/null", app.Row{"projects": nil}, nil, "invalid: The value of projects is an object, or a list of exactly one object."},
		{"Q3/a list that asks for nothing", list("projects", app.Row{"id": "p1"}), nil, "invalid: A set of projects is one object, not a list; a get asks for something by null."},
		{"Q4/unknown operator", list("projects", app.Row{"id": nil, "created": app.Row{"~": int64(1)}}), nil, `invalid: projects.created has no operator "~"; the operators are ==, !=, <, <=, >, >= and in.`},
		{"Q4/wrong type", list("projects", app.Row{"id": nil, "created": "today"}), nil, "invalid: projects.created must be a time in milliseconds since 1970."},
		{"Q4/no operator", list("projects", app.Row{"id": nil, "title": app.Row{}}), nil, "invalid: projects.title needs a value or an operator; the operators are ==, !=, <, <=, >, >= and in."},
		{"Q4/a value for an object", list("projects", app.Row{"id": nil, "state": "running"}), nil, "invalid: projects.state is asked for with null or with an object."},
		{"Q4/in without a list", list("projects", app.Row{"id": nil, "title": app.Row{"in": "x"}}), nil, "invalid: projects.title: in needs a list of at most 1000 values."},
		{"Q4/a value that cannot be", list("projects", app.Row{"id": nil, "state": app.Row{"state": "runing"}}), nil, "invalid: projects.state.state must be one of archived, stopped, starting, running, stopping."},
		{"Q5/unknown field", list("projects", app.Row{"titel": nil}), nil, `invalid: projects has no field "titel"; its fields are action_request, created, description, disk_full, id, isolation, last_edited, network_note, out_of_memory, restart_reason, server, state, stops_at, title and users.`},
		{"Q5/unknown field below", list("projects", app.Row{"state": app.Row{"stat": nil}}), nil, `invalid: projects.state has no field "stat"; its fields are error, since and state.`},
		{"Q5/unknown field of a set", one("projects", app.Row{"id": "p1", "titel": "x"}), nil, `invalid: projects has no field "titel"; its fields are action_request, created, description, disk_full, id, isolation, last_edited, network_note, out_of_memory, restart_reason, server, state, stops_at, title and users.`},
		{"Q6/unknown option", list("projects", shape), app.Row{"limt": int64(1)}, `invalid: There is no option "limt"; the options are after, changes, delete, limit, order_by and set.`},
		{"Q6/limit of zero", list("projects", shape), app.Row{"limit": int64(0)}, "invalid: options.limit of projects must be an integer between 1 and 1000."},
		{"Q6/order by an unknown field", list("projects", shape), app.Row{"order_by": "-tim"}, `invalid: projects has no field "tim"; its fields are action_request, created, description, disk_full, id, isolation, last_edited, network_note, out_of_memory, restart_reason, server, state, stops_at, title and users.`},
		{"Q6/order by a map", list("projects", shape), app.Row{"order_by": "users"}, "invalid: projects.users has no order; name a field below it."},
		{"Q6/a position that is none", list("projects", shape), app.Row{"after": int64(3)}, `invalid: options.after must be a position as an answer gave it: {"log": …, "n": …}.`},
		{"Q6/changes that is not a boolean", list("projects", shape), app.Row{"changes": "yes"}, "invalid: options.changes must be true or false."},
		{"Q7/a set without a key", one("projects", app.Row{"title": "x"}), nil, "invalid: A set of projects must name id."},
		{"Q7/unset where the schema forbids it", one("projects", app.Row{"id": "p1", "title": app.Row{"$unset": true}}), nil, "invalid: projects.title cannot be removed."},
		{"Q7/delete where the schema forbids it", one("projects", app.Row{"id": "p1"}), app.Row{"delete": true}, "denied: Rows of projects cannot be deleted."},
		{"Q7/delete that asks", one("terminals", app.Row{"id": nil}), app.Row{"delete": true}, "invalid: A delete of terminals names id and asks for nothing."},
		{"Q7/a new project without a title", one("projects", app.Row{"id": "new"}), nil, "invalid: A new project needs projects.title."},
		{"Q8/a field of the server", one("projects", app.Row{"id": "p1", "created": int64(1)}), nil, "invalid: projects.created is set by the server; a set of projects may name action_request, description, id and title."},
		{"Q8/a field of the server below", one("projects", app.Row{"id": "p1", "action_request": app.Row{"action": "start", "finished": int64(1)}}), nil, "invalid: projects.action_request.finished is set by the server."},
		{"Q8/an action without an action", one("projects", app.Row{"id": "p1", "action_request": app.Row{}}), nil, "invalid: projects.action_request needs action."},
		{"Q8/too long", one("projects", app.Row{"id": "p1", "title": strings.Repeat("x", 201)}), nil, "too_large: projects.title must have between 1 and 200 characters; this has 201."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := w.says("ada", tt.query, tt.options); got != tt.want {
				t.Errorf("says  %s\nwant  %s", got, tt.want)
			}
		})
	}
}

func TestGetsAreAnsweredInTheShapeOfTheQuestion(t *testing.T) {
	w := newWorld(t)
	w.project("p3", "Algebra", map[string]string{"ada": "viewer"})
	w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
	for seq := range int64(5) {
		w.put("patches", app.Row{"document_id": "d1", "seq": seq + 1, "project_id": "p1", "time": int64(9), "origin": "tab", "n_from": seq + 1, "n": seq + 1, "update": []byte{1, byte(seq)}})
	}
	tests := []struct {
		name    string
		query   app.Row
		options app.Row
		want    string
	}{
		{name: "Q2/object form", query: one("projects", app.Row{"id": "p1", "title": nil}), want: "{id:p1 title:Graphs}"},
		{name: "Q2/list form", query: list("projects", app.Row{"id": nil, "title": nil}), want: "{id:p1 title:Graphs} {id:p3 title:Algebra}"},
		{name: "Q2/the key is always answered", query: list("projects", app.Row{"title": nil}), want: "{id:p1 title:Graphs} {id:p3 title:Algebra}"},
		{name: "Q4/equality", query: list("projects", app.Row{"title": "Algebra", "id": nil}), want: "{id:p3 title:Algebra}"},
		{name: "Q4/nested filter", query: list("projects", app.Row{"users": app.Row{"ada": app.Row{"role": "owner"}}, "id": nil}), want: "{id:p1 users:{ada:{role:owner}}}"},
		{name: "Q4/in", query: list("projects", app.Row{"title": app.Row{"in": []any{"Algebra", "Nothing"}}, "id": nil}), want: "{id:p3 title:Algebra}"},
		{name: "Q4/not equal", query: list("projects", app.Row{"title": app.Row{"!=": "Algebra"}, "id": nil}), want: "{id:p1 title:Graphs}"},
		{name: "Q4/range on a key", query: list("patches", app.Row{"document_id": "d1", "seq": app.Row{">": int64(2), "<=": int64(4)}, "update": nil}), want: "{document_id:d1 seq:3 update:0102} {document_id:d1 seq:4 update:0103}"},
		{name: "Q4/a whole map by an empty object", query: one("projects", app.Row{"id": "p3", "users": app.Row{}, "title": nil}), want: "{id:p3 title:Algebra users:{ada:{role:viewer since:1}}}"},
		{name: "Q5/defaults", query: one("projects", app.Row{"id": "p1", "description": nil}), want: "{description: id:p1}"},
		{name: "Q5/maps are merged with their defaults", query: one("accounts", app.Row{"editor_settings": nil}), want: "{editor_settings:{font_size:14 keymap:default line_wrapping:true tab_size:4 theme:auto} id:ada}"},
		{name: "Q5/a default is found by a filter", query: list("documents", app.Row{"id": nil, "dirty": false}), want: "{dirty:false id:d1}"},
		{name: "Q6/order", query: list("projects", app.Row{"title": nil}), options: app.Row{"order_by": "title"}, want: "{id:p3 title:Algebra} {id:p1 title:Graphs}"},
		{name: "Q6/descending with a limit", query: list("patches", app.Row{"document_id": "d1", "seq": nil}), options: app.Row{"order_by": "-seq", "limit": int64(2)}, want: "{document_id:d1 seq:5} {document_id:d1 seq:4}"},
		{name: "Q6/order by what is below", query: list("projects", app.Row{"id": nil}), options: app.Row{"order_by": []any{"state.since", "-title"}}, want: "{id:p1} {id:p3}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := w.run("ada", tt.query, tt.options, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := text(a.Rows...); a.List && got != tt.want {
				t.Errorf("rows %s\nwant %s", got, tt.want)
			}
			if got := text(a.Row); !a.List && got != tt.want {
				t.Errorf("row  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestQ1ArraysStopAtTheFirstErrorAndNameIt(t *testing.T) {
	w := newWorld(t)
	title := func(v string) app.Row { return one("projects", app.Row{"id": "p1", "title": v}) }
	_, err := w.run("ada", []any{title("one"), title(""), title("three")}, nil, "")
	at, ok := errors.AsType[*query.IndexError](err)
	if !ok || at.Index != 1 {
		t.Fatalf("error = %v, want one of query 1", err)
	}
	if got := text(w.must("ada", one("projects", app.Row{"id": "p1", "title": nil})).Row); got != "{id:p1 title:one}" {
		t.Errorf("after the error: %s; the first set holds and the third was not tried", got)
	}
}

func TestQ6AGetWithoutALimitSaysThatItWasCut(t *testing.T) {
	w := newWorld(t)
	projects, _ := schema.Lookup("projects")
	for i := range projects.MaxRows() + 1 {
		w.project(schema.JoinID("many"+strings.Repeat("x", 1))+schema.JoinID(i), "Many", map[string]string{"ed": "owner"})
	}
	a := w.must("ed", list("projects", app.Row{"id": nil, "title": "Many"}))
	if len(a.Rows) != projects.MaxRows() || !a.Cut {
		t.Errorf("%d rows, cut: %t; want %d rows and cut", len(a.Rows), a.Cut, projects.MaxRows())
	}
	if a := w.must("ada", list("projects", app.Row{"id": nil})); a.Cut {
		t.Error("an answer with all rows says that it was cut")
	}
}

// Q9: a row one may not see and a row that does not exist give the same answer;
// without a sign-in only what is marked for everybody is there.
func TestQ9StrangersCannotTellWhatExists(t *testing.T) {
	w := newWorld(t)
	w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
	w.put("terminals", app.Row{"id": "t1", "project_id": "p1", "title": "Shell", "account_id": "ada", "created": int64(5)})
	pairs := []struct {
		name   string
		hidden app.Row
		absent app.Row
	}{
		{"get of a row", one("projects", app.Row{"id": "p1", "title": nil}), one("projects", app.Row{"id": "px", "title": nil})},
		{"get of rows", list("documents", app.Row{"project_id": "p1", "path": nil}), list("documents", app.Row{"project_id": "px", "path": nil})},
		{"get by id", one("documents", app.Row{"id": "d1", "path": nil}), one("documents", app.Row{"id": "dx", "path": nil})},
		{"get of patches", list("patches", app.Row{"document_id": "d1", "update": nil}), list("patches", app.Row{"document_id": "dx", "update": nil})},
		{"open a document", one("document_states", app.Row{"document_id": "d1", "update": nil}), one("document_states", app.Row{"document_id": "dx", "update": nil})},
		{"set", one("projects", app.Row{"id": "p1", "title": "x"}), one("projects", app.Row{"id": "px", "title": "x"})},
		{"act", one("projects", app.Row{"id": "p1", "action_request": app.Row{"action": "start"}}), one("projects", app.Row{"id": "px", "action_request": app.Row{"action": "start"}})},
		{"push a patch", one("patches", app.Row{"document_id": "d1", "origin": "o", "n": int64(1), "update": []byte{0}}), one("patches", app.Row{"document_id": "dx", "origin": "o", "n": int64(1), "update": []byte{0}})},
		{"new terminal", one("terminals", app.Row{"id": "new", "project_id": "p1", "title": "x"}), one("terminals", app.Row{"id": "new", "project_id": "px", "title": "x"})},
		{"rename a terminal", one("terminals", app.Row{"id": "t1", "title": "x"}), one("terminals", app.Row{"id": "tx", "title": "x"})},
		{"another's account", one("accounts", app.Row{"id": "ada", "name": "x"}), one("accounts", app.Row{"id": "nobody", "name": "x"})},
		{"add a member", one("members", app.Row{"project_id": "p1", "account_id": "sam", "role": "owner"}), one("members", app.Row{"project_id": "px", "account_id": "sam", "role": "owner"})},
	}
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			hidden, hiddenErr := w.run("sam", p.hidden, nil, "")
			absent, absentErr := w.run("sam", p.absent, nil, "")
			if said(hiddenErr) != said(absentErr) || text(hidden.Row) != text(absent.Row) || text(hidden.Rows...) != text(absent.Rows...) {
				t.Errorf("what exists: %v %v; what does not: %v %v", hidden, hiddenErr, absent, absentErr)
			}
			if len(hidden.Rows) > 0 {
				t.Errorf("a stranger reads %v", hidden)
			}
		})
	}
	for _, table := range schema.All() {
		if !table.Public() || table.Get == schema.Nobody || table.Get == schema.Anyone {
			continue
		}
		if got := w.says("", list(table.Name, app.Row{table.Key[0]: nil}), nil); got != "denied: Please sign in first." {
			t.Errorf("without a sign-in %s says %q", table.Name, got)
		}
	}
	if got := text(w.must("", one("site_settings", app.Row{"sign_up": nil, "first_account": nil})).Row); got != "{first_account:false id:site sign_up:invitation}" {
		t.Errorf("site_settings without a sign-in: %s", got)
	}
}

// Q1: one array of a hundred queries must not take the memory of a hundred
// answers of the greatest size.
func TestQ1TheAnswersOfAnArrayAreBoundedTogether(t *testing.T) {
	w := newWorld(t)
	w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a", "created": int64(1)})
	update := make([]byte, 1<<20)
	for seq := range int64(17) {
		w.put("patches", app.Row{"document_id": "d1", "seq": seq + 1, "project_id": "p1", "time": int64(1), "origin": "o", "n": seq, "update": update})
	}
	ask := list("patches", app.Row{"document_id": "d1", "update": nil})
	if a := w.must("ada", []any{ask, one("accounts", app.Row{"id": nil})}); len(a.Answers) != 2 {
		t.Errorf("what fits is answered with %d answers", len(a.Answers))
	}
	_, err := w.run("ada", []any{one("accounts", app.Row{"id": nil}), ask, ask}, nil, "")
	if at, ok := errors.AsType[*query.IndexError](err); !ok || at.Index != 2 || !app.IsKind(err, app.TooLarge) {
		t.Errorf("twice 17 MiB: %v", err)
	}
}
