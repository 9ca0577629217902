package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/app/wire"
)

var oneKey = "invalid: A query is an object with one key, the name of a table"

func TestQ1AnArrayStopsAtTheFirstErrorAndNamesItOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		ada := w.as("ada", codec)
		ada.wants(app.Row{}, nil, oneKey+"; this has 0 keys.")
		ada.wants(app.Row{"projects": app.Row{"id": nil}, "accounts": app.Row{"id": nil}}, nil, oneKey+"; this has 2 keys.")
		ada.wants("projects", nil, oneKey+".")
		ada.wants(list("credentials", app.Row{"password": nil}), nil, `invalid: There is no table "credentials".`)
		title := func(v string) app.Row { return one("projects", app.Row{"id": "p1", "title": v}) }
		get := one("projects", app.Row{"id": "p1", "title": nil})
		ada.wants([]any{title("one"), get, list("projects", app.Row{"id": nil})}, nil, "{id:p1} | {id:p1 title:one} | {id:p1}")
		ada.wants([]any{title("two"), title(""), title("three")}, nil,
			"invalid: projects.title must not be empty. (query 1)")
		ada.wants(get, nil, "{id:p1 title:two}") // no transaction: what came before holds, what came after was not tried
		ada.wants([]any{}, nil, "")
		ada.wants(make([]any, 101), nil, "too_large: An array may have at most 100 queries; this has 101.")
		ada.wants([]any{get}, app.Row{"changes": true}, oneKey+".")
	})
}

func TestQ2AnObjectAnswersOneRowAListAllOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.project("p3", map[string]string{"ada": "viewer"})
		ada := w.as("ada", codec)
		shape := app.Row{"id": nil}
		ada.wants(one("projects", app.Row{"id": "p3", "title": nil}), nil, "{id:p3 title:Graphs}")
		ada.wants(one("projects", shape), nil, "{id:p1}")
		ada.wants(one("projects", app.Row{"id": "px", "title": nil}), nil, "null")
		ada.wants(list("projects", shape), nil, "{id:p1} {id:p3}")
		ada.wants(list("projects", app.Row{"id": nil, "title": "none"}), nil, "none")
		const refused = "invalid: The value of projects is an object, or a list of exactly one object"
		ada.wants(app.Row{"projects": []any{shape, shape}}, nil, refused+"; this list has 2.")
		ada.wants(app.Row{"projects": []any{}}, nil, refused+"; this list has 0.")
		ada.wants(app.Row{"projects": []any{"p1"}}, nil, refused+".")
		ada.wants(app.Row{"projects": nil}, nil, refused+".")
	})
}

func TestQ3ANullAnywhereMakesAGetOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.put("documents", "d1", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
		ada := w.as("ada", codec)
		// The deepest leaf decides, and the title is then a filter.
		ada.wants(one("projects", app.Row{"title": "Graphs", "users": app.Row{"ed": app.Row{"role": nil}}}), nil, "{id:p1 title:Graphs users:{ed:{role:editor}}}")
		ada.wants(one("projects", app.Row{"id": "p1", "title": "Trees"}), nil, "{id:p1}")
		ada.wants(one("projects", app.Row{"id": "p1", "title": nil}), nil, "{id:p1 title:Trees}")
		// A set that has to write a null says so: without it this would be a get.
		cursor := app.Row{"document_id": "d1", "position": nil}
		ada.sets("cursors", app.Row{"document_id": "d1", "position": []byte{7}})
		ada.wants(list("cursors", cursor), nil, cursorOf(ada, w, "0x07"))
		if got := ada.says(one("cursors", cursor), app.Row{"set": true}); !strings.HasPrefix(got, "{connection_id:") {
			t.Errorf("a set of null says %s", got)
		}
		ada.wants(list("cursors", cursor), nil, cursorOf(ada, w, ""))
		ada.wants(one("projects", app.Row{"id": "p1", "title": nil}), app.Row{"set": true}, "invalid: projects.title cannot be removed.")
		ada.wants(list("projects", app.Row{"id": "p1"}), nil, "invalid: A set of projects is one object, not a list; a get asks for something by null.")
	})
}

// cursorOf is the row of a connection's cursor as text.
func cursorOf(c *talk, w *world, position string) string {
	w.t.Helper()
	page, err := w.engine.Store().Read(w.t.Context(), app.Range{Table: "cursors"})
	if err != nil || len(page.Records) != 1 {
		w.t.Fatalf("%d cursors, %v", len(page.Records), err)
	}
	if position != "" {
		position = " position:" + position
	}
	return fmt.Sprintf("{connection_id:%s document_id:d1%s}", page.Records[0].Row["connection_id"], position)
}

// Every operator on every type of field, over three patches and two projects.
func TestQ4EveryOperatorOnEveryTypeOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		patches(w)
		ada := w.as("ada", codec)
		fields := []struct {
			field   string
			a, b, c any // of the three patches, in order; nil: the field is missing
		}{
			{"seq", int64(1), int64(2), int64(3)},                                  // integer, part of the key
			{"n", int64(-5), int64(0), int64(7)},                                   // integer
			{"time", int64(1000), int64(2000), int64(3000)},                        // time
			{"origin", "a", "é", "日本"},                                             // string: bytes decide, not a language
			{"update", []byte{1}, []byte{1, 0}, []byte{2}},                         // bytes
			{"account_id", "ada", "ed", "vera"},                                    // id
			{"file_hash", "0", "00", "1"},                                          // string
			{"n_from", int64(-1 << 53), int64(0), int64(1)<<62 + int64(1)<<61 + 1}, // integers beyond what a float holds
		}
		for _, f := range fields {
			for op, want := range map[string]string{"==": "2", "!=": "13", "<": "1", "<=": "12", ">": "3", ">=": "23"} {
				if got := found(ada, f.field, app.Row{op: f.b}); got != want {
					t.Errorf("%s %s %v finds %q, want %q", f.field, op, f.b, got, want)
				}
			}
			for want, filter := range map[string]any{
				"13": app.Row{"in": []any{f.a, f.c}}, "": app.Row{"in": []any{}}, "2": f.b, "3": app.Row{">": f.a, "!=": f.b}, "12": app.Row{">=": f.a, "<": f.c},
			} {
				if got := found(ada, f.field, filter); got != want {
					t.Errorf("%s %v finds %q, want %q", f.field, filter, got, want)
				}
			}
		}
		ada.wants(list("documents", app.Row{"id": nil, "dirty": app.Row{"!=": true}}), nil, "{dirty:false id:d1}") // a boolean, by its default
		ada.wants(list("documents", app.Row{"id": nil, "dirty": app.Row{"<": true}, "saved": app.Row{"seq": app.Row{">": int64(0)}}}), nil, "none")
		ada.wants(list("documents", app.Row{"id": nil, "dirty": "no"}), nil, "invalid: documents.dirty must be a boolean.")
		ada.wants(list("patches", app.Row{"document_id": "d1", "seq": nil, "n": app.Row{"~": int64(1)}}), nil, `invalid: patches.n has no operator "~"; the operators are ==, !=, <, <=, >, >= and in.`)
	})
}

// patches puts a document with three, whose values rise.
func patches(w *world) {
	w.t.Helper()
	w.put("documents", "d1", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
	for i, row := range []app.Row{
		{"n": int64(-5), "time": int64(1000), "origin": "a", "update": []byte{1}, "account_id": "ada", "file_hash": "0", "n_from": int64(-1 << 53)},
		{"n": int64(0), "time": int64(2000), "origin": "é", "update": []byte{1, 0}, "account_id": "ed", "file_hash": "00", "n_from": int64(0)},
		{"n": int64(7), "time": int64(3000), "origin": "日本", "update": []byte{2}, "account_id": "vera", "file_hash": "1", "n_from": int64(1)<<62 + int64(1)<<61 + 1},
	} {
		row["document_id"], row["seq"], row["project_id"] = "d1", int64(i+1), "p1"
		w.put("patches", schema.JoinID("d1", i+1), row)
	}
}

// found says which of the patches pass a filter.
func found(c *talk, field string, filter any) string {
	c.t.Helper()
	shape := app.Row{"document_id": "d1", "time": nil, field: filter}
	if field == "time" {
		shape["seq"] = nil
	}
	var seqs strings.Builder
	for _, row := range strings.Split(c.says(list("patches", shape), nil), "} {") {
		if _, seq, ok := strings.Cut(row, " seq:"); ok {
			seqs.WriteString(seq[:1])
		}
	}
	return seqs.String()
}

func TestQ4FiltersDescendIntoMapsOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.project("p3", map[string]string{"ada": "viewer", "sam": "owner"})
		ada := w.as("ada", codec)
		ada.wants(list("projects", app.Row{"id": nil, "users": app.Row{"ada": app.Row{"role": "viewer"}}}), nil, "{id:p3 users:{ada:{role:viewer}}}")
		ada.wants(list("projects", app.Row{"id": nil, "users": app.Row{"ada": app.Row{"role": app.Row{"in": []any{"owner", "editor"}}}}}), nil, "{id:p1 users:{ada:{role:owner}}}")
		ada.wants(list("projects", app.Row{"id": nil, "users": app.Row{"sam": app.Row{"role": app.Row{"!=": "viewer"}}}}), nil, "{id:p1 users:{}} {id:p3 users:{sam:{role:owner}}}")
		ada.wants(one("projects", app.Row{"id": "p3", "users": app.Row{}, "title": nil}), nil, "{id:p3 title:Graphs users:{ada:{role:viewer since:1} sam:{role:owner since:1}}}")
		ada.wants(one("projects", app.Row{"id": "p3", "users": app.Row{"ada": app.Row{}, "sam": app.Row{"since": nil}}}), nil, "{id:p3 users:{ada:{role:viewer since:1} sam:{since:1}}}")
		ada.wants(list("projects", app.Row{"id": nil, "state": app.Row{"state": "runing"}}), nil, "invalid: projects.state.state must be one of archived, stopped, starting, running, stopping.")
		ada.wants(list("projects", app.Row{"id": nil, "users": app.Row{"ada": app.Row{"rol": nil}}}), nil, `invalid: projects.users.ada has no field "rol"; its fields are role and since.`)
	})
}

func TestQ5FieldsAreThoseOfTheSchemaForThatDirectionOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.put("documents", "d1", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
		ada := w.as("ada", codec)
		ada.wants(list("terminals", app.Row{"titel": nil}), nil, `invalid: terminals has no field "titel"; its fields are account_id, created, ended, id, project_id and title.`)
		ada.wants(one("accounts", app.Row{"id": "ada", "email": "x"}), nil, `invalid: accounts has no field "email"; its fields are administrator, created, editor_settings, email_address, id and name.`)
		ada.wants(one("accounts", app.Row{"id": "ada", "editor_settings": app.Row{"font": "x"}}), nil, `invalid: accounts.editor_settings has no field "font"; its fields are font_size, keymap, line_wrapping, tab_size and theme.`)
		ada.wants(one("accounts", app.Row{"id": "ada", "created": int64(1)}), nil, "invalid: accounts.created is set by the server; a set of accounts may name editor_settings and name.")
		if got := ada.says(one("documents", app.Row{"id": "d1", "write_again": nil}), nil); !strings.HasPrefix(got, `invalid: documents has no field "write_again"`) {
			t.Errorf("a field that is only set is read: %s", got)
		}
		ada.wants(one("members", app.Row{"project_id": "p1", "role": nil}), nil, "invalid: members cannot be read, only set.")
		for _, hidden := range []string{"request_ids", "uid"} {
			if got := ada.says(list("projects", app.Row{"id": nil, hidden: app.Row{"!=": "x"}}), nil); !strings.HasPrefix(got, "invalid: projects has no field") {
				t.Errorf("%s says %s", hidden, got)
			}
		}
		// Defaults, and maps merged with theirs key by key.
		ada.sets("accounts", app.Row{"id": "ada", "editor_settings": app.Row{"theme": "dark"}})
		ada.wants(one("accounts", app.Row{"editor_settings": nil}), nil, "{editor_settings:{font_size:14 keymap:default line_wrapping:true tab_size:4 theme:dark} id:ada}")
		ada.wants(one("accounts", app.Row{"editor_settings": app.Row{"tab_size": nil, "theme": nil}}), nil, "{editor_settings:{tab_size:4 theme:dark} id:ada}")
		ada.wants(list("documents", app.Row{"id": nil, "line_ends": "lf", "dirty": nil}), nil, "{dirty:false id:d1 line_ends:lf}")
	})
}

func TestQ6OptionsOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		for i, title := range []string{"c", "a", "b", "a"} {
			w.terminal(fmt.Sprint("t", i), "p1", title)
		}
		ada := w.as("ada", codec)
		q := list("terminals", app.Row{"title": nil})
		ada.wants(q, app.Row{"order_by": "title"}, "{id:t1 title:a} {id:t3 title:a} {id:t2 title:b} {id:t0 title:c}")
		ada.wants(q, app.Row{"order_by": "-title"}, "{id:t0 title:c} {id:t2 title:b} {id:t3 title:a} {id:t1 title:a}")
		ada.wants(q, app.Row{"order_by": []any{"title", "-id"}, "limit": int64(2)}, "{id:t3 title:a} {id:t1 title:a}")
		ada.wants(q, app.Row{"limit": int64(1)}, "{id:t0 title:c}") // whoever asks for one knows that there may be more
		ada.wants(q, app.Row{"limt": int64(1)}, `invalid: There is no option "limt"; the options are after, changes, delete, limit, order_by and set.`)
		for _, limit := range []any{int64(0), int64(-1), int64(1001), "1", 1.5} {
			ada.wants(q, app.Row{"limit": limit}, "invalid: options.limit of terminals must be an integer between 1 and 1000.")
		}
		ada.wants(q, app.Row{"changes": "yes"}, "invalid: options.changes must be true or false.")
		ada.wants(q, app.Row{"delete": nil}, "invalid: options.delete must be true or false.")
		ada.wants(q, app.Row{"after": app.Row{"log": "x", "n": int64(1)}}, "invalid: options.after is for a watch.")
		ada.wants(one("terminals", app.Row{"id": "t0", "title": "x"}), app.Row{"limit": int64(1)}, "invalid: limit, order_by and after are options of a get.")
		ada.wants(one("terminals", app.Row{"id": "t0", "title": "x"}), app.Row{"changes": true}, "invalid: Only a get can be watched; a get asks for something by null.")
	})
}

func TestQ6AnAnswerSaysThatItWasCutOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		terminals, _ := schema.Lookup("terminals")
		for i := range terminals.MaxRows() {
			w.terminal(fmt.Sprintf("t%04d", i), "p1", "x")
		}
		ada := w.as("ada", codec)
		q := list("terminals", app.Row{"id": nil})
		if got := ada.says(q, nil); strings.HasPrefix(got, "cut") {
			t.Error("an answer with all rows says that it was cut")
		}
		w.terminal("t9999", "p1", "x")
		if got := ada.says(q, nil); !strings.HasPrefix(got, "cut {id:t0000} ") || strings.Contains(got, "t9999") {
			t.Errorf("one row too many: %.40s…", got)
		}
	})
}

func TestQ7SetsOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.engine.Writers["terminals"] = remover{w}
		w.put("documents", "d1", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
		ada, sam := w.as("ada", codec), w.as("sam", codec)
		ada.wants(one("projects", app.Row{"title": "x"}), nil, "invalid: A set of projects must name id.")

		// A created key: the same request makes one row, also over another socket.
		made := one("terminals", app.Row{"id": "new", "project_id": "p1", "title": "Mine"})
		first := ada.hear(ada.ask(made, nil, "r1"))
		again := w.as("ada", codec)
		if got := again.hear(again.ask(made, nil, "r1")); got != first || !strings.HasPrefix(first, "{") {
			t.Errorf("the same request says %s and then %s", first, got)
		}
		if got := ada.says(list("terminals", app.Row{"title": "Mine", "account_id": nil}), nil); strings.Count(got, "{") != 1 || !strings.Contains(got, "account_id:ada") {
			t.Errorf("two sets with one request id made %s", got)
		}
		// Another request, and another's request of the same id, make rows of their own.
		if got := ada.hear(ada.ask(made, nil, "r2")); got == first {
			t.Error("another request was answered with the same row")
		}
		project := one("projects", app.Row{"id": "new", "title": "Mine"})
		if one, other := ada.hear(ada.ask(project, nil, "r1")), sam.hear(sam.ask(project, nil, "r1")); one == other {
			t.Error("two people made one project")
		}

		// A computed key: the connection is part of a cursor's.
		ada.sets("cursors", app.Row{"document_id": "d1", "position": []byte{1}, "colour": "red"})
		ada.wants(one("cursors", app.Row{"document_id": "d1", "connection_id": "other", "colour": "blue"}), nil,
			"invalid: cursors.connection_id is set by the server; a set of cursors may name colour, document_id and position.")
		// It merges, and removes by $unset alone.
		ada.sets("cursors", app.Row{"document_id": "d1", "position": app.Row{"$unset": true}})
		if got := ada.says(list("cursors", app.Row{"document_id": "d1", "position": nil, "colour": nil}), nil); !strings.HasPrefix(got, "{colour:red connection_id:") || strings.Contains(got, "position") {
			t.Errorf("after $unset: %s", got)
		}
		ada.wants(one("cursors", app.Row{"document_id": "d1", "position": app.Row{"$unset": false}}), nil, `invalid: cursors.position is removed by exactly {"$unset": true}.`)
		ada.wants(one("projects", app.Row{"id": "p1", "description": app.Row{"$unset": true}}), nil, "invalid: projects.description cannot be removed.")

		// Deletes, where the schema allows them; again is acknowledged again.
		w.terminal("t1", "p1", "x")
		gone := one("terminals", app.Row{"id": "t1"})
		if got := ada.says(gone, app.Row{"delete": true}); !strings.HasPrefix(got, "{") {
			t.Errorf("a delete says %s", got)
		}
		ada.wants(gone, app.Row{"delete": true}, "null")
		ada.wants(one("terminals", app.Row{"id": "t1", "title": nil}), nil, "null")
		ada.wants(one("projects", app.Row{"id": "p1"}), app.Row{"delete": true}, "denied: Rows of projects cannot be deleted.")
		ada.wants(one("terminals", app.Row{"id": "t1", "title": "x"}), app.Row{"delete": true}, "invalid: A delete of terminals names id and nothing else.")
	})
}

// remover deletes terminals as the host of projects does, which ends their shells
// first.
type remover struct{ w *world }

func (r remover) Set(ctx context.Context, s query.Set) (app.Row, error) {
	_, err := r.w.store.Write(ctx, app.Write{Table: s.Table, ID: s.ID, IfRev: app.AnyRev})
	return app.Row{"id": s.ID}, err
}

func TestQ8TheServerForcesOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		ada := w.as("ada", codec)
		ada.wants(one("terminals", app.Row{"id": "new", "project_id": "p1", "account_id": "ed"}), nil, "invalid: terminals.account_id is set by the server; a set of terminals may name id, project_id and title.")
		made := ada.says(one("terminals", app.Row{"id": "new", "project_id": "p1"}), nil)
		rows := ada.says(list("terminals", app.Row{"account_id": nil, "title": nil, "created": app.Row{">": int64(1_700_000_000_000)}}), nil)
		if !strings.Contains(rows, "account_id:ada") || !strings.Contains(rows, "title:Terminal") {
			t.Errorf("%s made %s", made, rows)
		}
		for _, tt := range []struct {
			row  app.Row
			want string
		}{
			{app.Row{"title": int64(5)}, "invalid: projects.title must be a string."},
			{app.Row{"title": ""}, "invalid: projects.title must not be empty."},
			{app.Row{"title": "a\nb"}, "invalid: projects.title must be one line without control characters."},
			{app.Row{"title": strings.Repeat("é", 201)}, "too_large: projects.title must have between 1 and 200 characters; this has 201."},
			{app.Row{"description": strings.Repeat("x", 2001)}, "too_large: projects.description may have at most 2000 characters; this has 2001."},
			{app.Row{"action_request": app.Row{"action": "explode"}}, "invalid: projects.action_request.action must be one of start, stop, restart, archive, unarchive."},
			{app.Row{"users": app.Row{"sam": app.Row{"role": "owner"}}}, "invalid: projects.users is set by the server; a set of projects may name action_request, description, id and title."},
		} {
			tt.row["id"] = "p1"
			ada.wants(one("projects", tt.row), nil, tt.want)
		}
		for value, want := range map[any]string{
			int64(41): "invalid: accounts.editor_settings.font_size must be between 8 and 40; this is 41.",
			14.5:      "invalid: accounts.editor_settings.font_size must be an integer.",
			"14":      "invalid: accounts.editor_settings.font_size must be an integer.",
		} {
			ada.wants(one("accounts", app.Row{"id": "ada", "editor_settings": app.Row{"font_size": value}}), nil, want)
		}
		ada.wants(one("projects", app.Row{"id": "p1", "title": strings.Repeat("é", 200)}), nil, "{id:p1}")
	})
}
