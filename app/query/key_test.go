package query_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// keysMay is what scripts may do with each table: r reads some rows, w sets some.
// A key that is read only may do the same without w. A new table fails the test
// until somebody has thought of it here.
var keysMay = map[string]struct{ all, project string }{
	"accounts": {"rw", ""}, "collaborators": {"r", "r"},
	"emails": {"", ""}, "credentials": {"", ""}, "sessions": {"", ""}, "api_keys": {"", ""},
	"sign_in_links": {"", ""}, "registration_tokens": {"", ""},
	"server_settings": {"", ""}, "site_settings": {"r", "r"}, "server_secrets": {"", ""}, "migrations": {"", ""},
	"projects": {"rw", "rw"}, "members": {"w", "w"}, "project_uids": {"", ""},
	"project_limits": {"r", "r"}, "project_usage": {"r", "r"}, "project_visits": {"w", "w"},
	"documents": {"rw", "rw"}, "document_paths": {"r", "r"}, "document_states": {"r", "r"},
	"patches": {"rw", "rw"}, "checkpoints": {"", ""}, "cursors": {"rw", "rw"},
	"directories": {"r", "r"}, "file_actions": {"rw", "rw"}, "terminals": {"rw", "rw"},
	"table_stats": {"", ""}, "server_stats": {"", ""}, "slow_queries": {"", ""}, "database_nodes": {"", ""},
	"servers": {"r", ""}, "this_server": {"r", ""},
}

// scripts are the kinds of keys that the account of ada can make. She owns p1 and
// p3, and runs the site; sam owns p2.
var scripts = []struct {
	name     string
	project  string
	readOnly bool
}{
	{"everything", "", false},
	{"everything, read only", "", true},
	{"one project", "p1", false},
	{"one project, read only", "p1", true},
}

// keyWorld is a world with rows in every table, in which every set that reaches a
// writer is written down.
func keyWorld(t *testing.T) *world {
	w := newWorld(t)
	w.project("p3", "Trees", map[string]string{"ada": "owner", "sam": "editor", "vera": "editor"})
	w.put("accounts", app.Row{"id": "ada", "name": "Ada", "created": int64(1), "administrator": true})
	for _, table := range schema.All() {
		if table.Writer != 0 && table.Name != "members" {
			w.engine.Writers[table.Name] = writer(w.write)
		}
		if table.Source {
			w.engine.Sources[table.Name] = anything{table}
		}
		if table.Of == "" && !table.Source && !table.Unstored() && !slices.Contains([]string{"accounts", "projects"}, table.Name) {
			w.seed(table)
		}
	}
	for _, s := range scripts {
		w.key(s.name, "ada", s.project, s.readOnly)
	}
	return w
}

// anything is a Source that has a row in every project.
type anything struct{ table *schema.Table }

func (a anything) Get(_ context.Context, filter app.Row) ([]app.Row, error) {
	row := sampleRow(a.table, filter["project_id"].(string), func(*schema.Field) bool { return true })
	return []app.Row{row}, nil
}

// write is a writer that does what it is told.
func (w *world) write(ctx context.Context, s query.Set) (app.Row, error) {
	write := app.Write{Table: s.Table, ID: s.ID, Row: s.Row, IfRev: app.AnyRev}
	table, _ := schema.Lookup(s.Table)
	if write.ID == "" {
		s.Row["seq"] = int64(99)
		write.ID, _ = table.ID(s.Row)
	}
	if table.Unstored() { // what comes of it shows in the project
		rec, err := w.store.Get(ctx, "projects", s.Row["project_id"].(string))
		if err != nil {
			return nil, err
		}
		write.Table, write.ID, write.Row = "projects", rec.ID, maps.Clone(rec.Row)
		write.Row["description"] = s.Table
	}
	if s.Op == schema.Delete {
		write.Row = nil
	}
	if s.Op == schema.Update { // what is only given shows in no row
		write.Row = maps.Clone(s.Row)
		write.Row["path"] = "written"
	}
	rec, err := w.store.Write(ctx, write)
	return rec.Row, err
}

// seed puts a row of each project, or of each account, into a table.
func (w *world) seed(table *schema.Table) {
	whose := []string{"p1", "p2", "p3"}
	if table.Project == "" {
		whose = []string{"ada", "sam"}
	}
	for _, one := range whose {
		row := sampleRow(table, one, func(f *schema.Field) bool { return !f.Input && f.Name != schema.RequestIDs })
		if table.Account != "" && table.Project == "" {
			row[table.Account] = one
		}
		if _, ok := row["id"]; ok {
			row["id"] = map[bool]string{true: "d-" + one, false: table.Name + "-" + one}[table.Name == "documents"]
		}
		if table.Singleton != "" {
			row["id"] = table.Singleton
		}
		if row["title"] != nil {
			row["title"] = "before"
		}
		w.put(table.Name, row)
	}
}

// sampleRow has a value in every field that which takes; project also names a
// document of it.
func sampleRow(table *schema.Table, project string, which func(*schema.Field) bool) app.Row {
	row := app.Row{}
	for i := range table.Fields {
		if f := &table.Fields[i]; which(f) {
			row[f.Name] = sample(f, project)
		}
	}
	return row
}

func sample(f *schema.Field, project string) any {
	switch {
	case f.Name == "project_id":
		return project
	case f.Name == "document_id":
		return "d-" + project
	case f.Name == "account_id":
		return "vera"
	case len(f.OneOf) > 0:
		return f.OneOf[len(f.OneOf)-1]
	}
	switch f.Type {
	case schema.Int:
		return int64(max(f.Min, 1))
	case schema.Float:
		return 1.5
	case schema.Bool:
		return true
	case schema.Time:
		return time.Now().Add(time.Hour).UnixMilli()
	case schema.Bytes:
		return []byte{1}
	case schema.List:
		return []any{}
	case schema.Map:
		return app.Row{}
	case schema.Object:
		row := app.Row{}
		for i := range f.Fields {
			if below := &f.Fields[i]; below.Settable() && below.Force == schema.Free {
				row[below.Name] = sample(below, project)
			}
		}
		return row
	}
	return "x"
}

// rows returns everything that is stored, by table and id.
func (w *world) rows() map[string]map[string]app.Row {
	w.t.Helper()
	all := make(map[string]map[string]app.Row)
	for _, table := range slices.Concat(schema.Tables(), schema.Ephemeral()) {
		page, err := w.store.Read(w.t.Context(), app.Range{Table: table.Name})
		if err != nil || page.Next != nil {
			w.t.Fatalf("read %s: %v", table.Name, err)
		}
		all[table.Name] = make(map[string]app.Row)
		for _, rec := range page.Records {
			all[table.Name][rec.ID] = rec.Row
		}
	}
	return all
}

// attempt is one set or delete.
type attempt struct {
	row     app.Row
	options app.Row
}

// attempts are all that one might try with a table: to make a row in each
// project, to set each field of each row, to delete each.
func attempts(table *schema.Table, rows map[string]app.Row) []attempt {
	given := func(f *schema.Field) bool {
		return f.Force == schema.Free && !f.Input && (f.Settable() || table.IsKey(f.Name)) && f.Name != "seq"
	}
	var list []attempt
	for _, project := range []string{"p1", "p2", "p3"} {
		row := sampleRow(table, project, given)
		if table.NewID {
			row["id"] = "new"
			delete(row, "action_request")
		}
		if table.Singleton != "" {
			row["id"] = table.Singleton
		}
		list = append(list, attempt{row, nil})
		if table.Unstored() {
			list = append(list, attempt{app.Row{"project_id": project, "account_id": "vera"}, app.Row{"delete": true}})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		key := app.Row{}
		for _, name := range table.Key {
			if table.Field(name).Force == schema.Free {
				key[name] = rows[id][name]
			}
		}
		for i := range table.Fields {
			if f := &table.Fields[i]; f.Settable() && f.Force == schema.Free && !table.IsKey(f.Name) {
				row := maps.Clone(key)
				row[f.Name] = sample(f, "p1")
				list = append(list, attempt{row, nil})
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		key := app.Row{}
		for _, name := range table.Key {
			key[name] = rows[id][name]
		}
		list = append(list, attempt{key, app.Row{"delete": true}})
	}
	return list
}

// A key is as strong as what it can reach, so everything is tried: every table,
// every field, every row, by every kind of key, and the whole store is looked at
// after each. What a narrow key could change outside of its bounds, and a leaked
// one could turn into a lasting sign-in, would be found here.
func TestK2K3KeysSetNothingOutsideOfTheirBounds(t *testing.T) {
	for _, script := range scripts {
		for _, table := range schema.All() {
			may, known := keysMay[table.Name]
			if !known {
				t.Fatalf("say in keysMay what API keys may do with the table %s", table.Name)
			}
			w := keyWorld(t)
			wrote := false
			for _, a := range attempts(table, w.rows()[table.Stored()]) {
				before := w.rows()
				_, err := w.run(script.name, app.Row{table.Name: a.row}, a.options, "")
				for name, id := range changed(before, w.rows()) {
					wrote = true
					declared, _ := schema.Lookup(name)
					row := w.rows()[name][id]
					if row == nil {
						row = before[name][id]
					}
					if script.readOnly || declared.Credential || script.project != "" && row[declared.Project] != script.project {
						t.Errorf("%s: set of %s %v (%v) has changed %s %s", script.name, table.Name, a.row, err, name, id)
					}
				}
			}
			want := may.all
			if script.project != "" {
				want = may.project
			}
			if allowed := slices.Contains([]string{"w", "rw"}, want) && !script.readOnly; wrote != allowed {
				t.Errorf("%s: sets of %s wrote: %t, want %t", script.name, table.Name, wrote, allowed)
			}
		}
	}
}

// changed yields the rows that differ.
func changed(before, after map[string]map[string]app.Row) func(func(table, id string) bool) {
	return func(yield func(table, id string) bool) {
		for table := range before {
			ids := maps.Clone(before[table])
			maps.Copy(ids, after[table])
			for id := range ids {
				if !reflect.DeepEqual(before[table][id], after[table][id]) && !yield(table, id) {
					return
				}
			}
		}
	}
}

// What a key may read is what its account may, less what is not in its bounds, by
// a get and by a watch.
func TestK2K3KeysReadNothingOutsideOfTheirBounds(t *testing.T) {
	w := keyWorld(t)
	for _, table := range schema.All() {
		if !table.Public() || table.Get == schema.Nobody {
			continue
		}
		shape := app.Row{}
		for _, f := range table.Fields {
			if !f.Hidden && !f.Input {
				shape[f.Name] = nil
			}
		}
		if table.Source || table.AppendOnly { // can only be asked for by document
			shape["document_id"] = "d-p1"
		}
		mine := w.must("ada", list(table.Name, shape)).Rows
		if len(mine) == 0 {
			t.Errorf("%s: ada sees nothing, so this test sees nothing", table.Name)
		}
		for _, script := range scripts {
			want := keysMay[table.Name].all
			if script.project != "" {
				want = keysMay[table.Name].project
			}
			got, err := w.run(script.name, list(table.Name, shape), nil, "")
			if may := slices.Contains([]string{"r", "rw"}, want); may != (err == nil && len(got.Rows) > 0) {
				t.Errorf("%s: %s gives %v, %v", script.name, table.Name, got.Rows, err)
			}
			for _, row := range got.Rows {
				if table.Project != "" && script.project != "" && row[table.Project] != script.project {
					t.Errorf("%s: %s gives %v", script.name, table.Name, row)
				}
			}
			all := len(mine)
			if table.Get == schema.Overseers { // ada runs the site, and no key does
				all--
			}
			if script.project == "" && want != "" && len(got.Rows) != all {
				t.Errorf("%s: %s gives %d rows, of its account's %d", script.name, table.Name, len(got.Rows), all)
			}
			w.watchesTheSame(script.name, table, shape, got.Rows, err)
			if script.project != "" {
				w.findsNothing(script.name, table, shape)
			}
		}
	}
}

// findsNothing asks for what is out of the bounds of p1 by naming it.
func (w *world) findsNothing(name string, table *schema.Table, shape app.Row) {
	w.t.Helper()
	filters := []app.Row{}
	switch {
	case table.Source || table.AppendOnly:
		filters = append(filters, app.Row{"document_id": "d-p2"}, app.Row{"document_id": "d-p3"})
	case table.Project != "":
		filters = append(filters, app.Row{table.Project: "p2"}, app.Row{table.Project: "p3"})
	case table.Account != "":
		filters = append(filters, app.Row{table.Account: "sam"}, app.Row{table.Account: "root"})
	}
	for _, filter := range filters {
		asked := maps.Clone(shape)
		maps.Copy(asked, filter)
		if got, err := w.run(name, list(table.Name, asked), nil, ""); err == nil && len(got.Rows) > 0 {
			w.t.Errorf("%s: %s of %v gives %v", name, table.Name, filter, got.Rows)
		}
	}
}

// watchesTheSame compares a watch with a get.
func (w *world) watchesTheSame(name string, table *schema.Table, shape app.Row, rows []app.Row, refused error) {
	w.t.Helper()
	if table.Source {
		return
	}
	tab := w.watch(name, list(table.Name, maps.Clone(shape)), nil)
	defer tab.close()
	if refused != nil {
		tab.ends(said(refused))
		return
	}
	if table.Watcher && len(rows) == 0 { // nobody works for who may see nothing
		tab.ends("not_found: This " + strings.ReplaceAll(table.Noun, "_", " ") + " does not exist, or you may not see it.")
		return
	}
	tab.until(func() bool { return len(tab.got) > 0 || tab.over }, "the rows of "+table.Name)
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if tab.err != nil || len(tab.rows) != len(rows) {
		w.t.Errorf("%s: a watch of %s has %d rows and %v, a get %d rows", name, table.Name, len(tab.rows), tab.err, len(rows))
	}
}
