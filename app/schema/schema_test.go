package schema_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/schema"
)

// A declaration that contradicts itself would show up as a query that finds
// nothing, or as a rule of access that names a field that is not there.
func TestEveryDeclarationHoldsTogether(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	seen := make(map[string]bool)
	for _, table := range schema.All() {
		if seen[table.Name] {
			t.Errorf("%s is declared twice", table.Name)
		}
		seen[table.Name] = true
		if !name.MatchString(table.Name) || !name.MatchString(table.Noun) || !strings.HasSuffix(table.Text, ".") {
			t.Errorf("%s: name %q, noun %q or text %q", table.Name, table.Name, table.Noun, table.Text)
		}
		for _, field := range slices.Concat(table.Key, []string{table.Project, table.Account}) {
			if field != "" && table.Field(field) == nil {
				t.Errorf("%s names the field %q, which it has not", table.Name, field)
			}
		}
		for _, rule := range []schema.Who{table.Get, table.Create, table.Delete} {
			if rule.Role() != app.NoRole && table.Project == "" || rule == schema.Self && table.Account == "" {
				t.Errorf("%s: a rule for %s needs a field that names whose a row is", table.Name, rule)
			}
		}
		if table.Of != "" {
			if _, ok := schema.Lookup(table.Of); !ok {
				t.Errorf("%s is a view of %s, which is not there", table.Name, table.Of)
			}
		}
		for _, index := range table.Indexes {
			for _, path := range index.Fields {
				if top, _, _ := strings.Cut(path, "."); table.Field(top) == nil || table.Field(top).Default != nil {
					t.Errorf("%s: index %s is over %s, which is missing or has a default", table.Name, index.Name, path)
				}
			}
		}
		checkIndexes(t, table)
		checkFields(t, table.Name, table.Fields)
		plain := (schema.Create | schema.Update) &^ table.Writer // sets that the engine writes itself
		settable := table.Create != schema.Nobody && plain&schema.Create != 0 || canUpdate(table) && plain&schema.Update != 0
		if settable && table.Field(schema.RequestIDs) == nil {
			t.Errorf("%s can be set and keeps no request ids (W3)", table.Name)
		}
	}
}

// checkIndexes fails where a get would miss rows. A row that moves within an index
// while pages of it are read is found by one in which it does not move: the same
// without what can change.
func checkIndexes(t *testing.T, table *schema.Table) {
	t.Helper()
	for _, index := range table.Indexes {
		if table.Get != schema.Nobody && !table.Whole(index) {
			t.Errorf("%s: index %s lacks rows, and gets would too", table.Name, index.Name)
		}
		for i, name := range index.Fields {
			if i > 0 && !table.Constant(name) && !slices.ContainsFunc(table.Indexes, func(o app.Index) bool { return slices.Equal(o.Fields, index.Fields[:i]) }) {
				t.Errorf("%s: index %s needs one over %v alone, since %s changes", table.Name, index.Name, index.Fields[:i], name)
			}
		}
	}
	if table.People != "" && !slices.ContainsFunc(table.Indexes, func(ix app.Index) bool { return slices.Equal(ix.Fields, []string{table.People + ".*"}) }) {
		t.Errorf("%s: no index finds the rows of an account by %s", table.Name, table.People)
	}
}

func canUpdate(table *schema.Table) bool {
	return slices.ContainsFunc(table.Fields, func(f schema.Field) bool { return f.Settable() && !f.Once && !table.IsKey(f.Name) })
}

func checkFields(t *testing.T, path string, fields []schema.Field) {
	t.Helper()
	for _, f := range fields {
		where := path + "." + f.Name
		if !strings.HasSuffix(f.Text, ".") {
			t.Errorf("%s has no description that ends with a full stop", where)
		}
		switch f.Type {
		case schema.Object:
			checkFields(t, where, f.Fields)
		case schema.Map, schema.List:
			if f.Of == nil {
				t.Errorf("%s does not say what its values are", where)
			}
		case 0:
			t.Errorf("%s has no type", where)
		}
		if f.Default != nil && f.Type != schema.Object {
			if _, err := f.Clean(where, f.Default); err != nil && f.Default != "" {
				t.Errorf("%s: its default is refused: %v", where, err)
			}
		}
		for _, w := range f.Needs {
			if w == schema.Nobody || w == schema.Anyone {
				t.Errorf("%s: %s may set it", where, w)
			}
		}
	}
}

// The faults of the slides: each was a table that anybody could read or write.
func TestFaultsOfTheSlidesAreNotDeclared(t *testing.T) {
	for _, name := range []string{"documents", "patches", "document_paths", "document_states", "cursors", "directories", "terminals", "file_actions"} {
		table, _ := schema.Lookup(name)
		if table.Get.Role() == app.NoRole {
			t.Errorf("%s can be read by %s", name, table.Get)
		}
	}
	patches, _ := schema.Lookup("patches")
	if patches.Create != schema.Editors {
		t.Errorf("patches can be written by %s", patches.Create)
	}
	projects, _ := schema.Lookup("projects")
	if projects.Field("users").Settable() {
		t.Error("projects.users can be set without going through members")
	}
	for table, fields := range map[string][]string{
		"projects": {"uid", "request_ids"}, "credentials": {"password"}, "registration_tokens": {"hash"}, "api_keys": {"hash"}, "server_secrets": {"value"},
	} {
		declared, _ := schema.Lookup(table)
		for _, field := range fields {
			if f := declared.Field(field); f == nil || !f.Hidden {
				t.Errorf("%s.%s is not hidden", table, field)
			}
		}
	}
}

// A field without a bound is a way to fill the disk: what is one longer than the
// bound is refused for every field that a client can set, and the sentence names
// the bound.
func TestEveryFieldThatCanBeSetIsBounded(t *testing.T) {
	for _, table := range schema.All() {
		for i := range table.Fields {
			if f := &table.Fields[i]; f.Force == schema.Free && (f.Settable() || table.IsKey(f.Name)) {
				checkBound(t, table.Name+"."+f.Name, f)
			}
		}
	}
}

func checkBound(t *testing.T, path string, f *schema.Field) {
	t.Helper()
	_, most := f.Bounds()
	var long any
	switch f.Type {
	case schema.String, schema.ID:
		if len(f.OneOf) > 0 {
			return
		}
		long = strings.Repeat("x", most+1)
	case schema.Bytes:
		long = make([]byte, most+1)
	case schema.List:
		long = slices.Repeat([]any{""}, most+1)
		checkBound(t, path+".*", f.Of)
	case schema.Map:
		row := app.Row{}
		for n := range most + 1 {
			row[strconv.Itoa(n)] = ""
		}
		long = row
		checkBound(t, path+".*", f.Of)
	case schema.Object:
		for i := range f.Fields {
			checkBound(t, path+"."+f.Fields[i].Name, &f.Fields[i])
		}
		return
	default:
		return // of 64 bits
	}
	_, err := f.Clean(path, long)
	if most < 1 || most > 64<<20 || !app.IsKind(err, app.TooLarge) || !strings.Contains(sentence(err), strconv.Itoa(most)) {
		t.Errorf("%s: bound %d, one more: %v", path, most, err)
	}
}

// What signs people in must be out of reach of every API key: a key could make
// itself a lasting sign-in of it.
func TestTablesWithSecretsAreCredentials(t *testing.T) {
	secret := func(f schema.Field) bool {
		return f.Hidden && f.Name != schema.RequestIDs && f.Name != "uid" && f.Name != "recovered"
	}
	for _, table := range schema.All() {
		if slices.ContainsFunc(table.Fields, secret) && !table.Credential {
			t.Errorf("%s has a secret, and is no Credential", table.Name)
		}
	}
	for _, name := range []string{"sessions", "sign_in_links", "emails"} {
		if table, _ := schema.Lookup(name); !table.Credential {
			t.Errorf("%s is no Credential", name)
		}
	}
}

func TestKeysOrderAsTheirFieldsDo(t *testing.T) {
	patches, _ := schema.Lookup("patches")
	id, ok := patches.ID(app.Row{"document_id": "d", "seq": int64(12)})
	if !ok || id != "d/0000000000000012" {
		t.Errorf("ID = %q, %v", id, ok)
	}
	if key := patches.KeyOf(id); key["document_id"] != "d" || key["seq"] != int64(12) {
		t.Errorf("KeyOf = %v", key)
	}
	directories, _ := schema.Lookup("directories")
	id, _ = directories.ID(app.Row{"project_id": "p", "path": "a/b"})
	if key := directories.KeyOf(id); key["path"] != "a/b" {
		t.Errorf("KeyOf(%q) = %v", id, key)
	}
	if _, ok := directories.ID(app.Row{"project_id": "p/q", "path": ""}); ok {
		t.Error("a slash in the first part of a key was taken; it would name a row of another project")
	}
}

func TestQ8ValuesAreCheckedWithASentence(t *testing.T) {
	projects, _ := schema.Lookup("projects")
	accounts, _ := schema.Lookup("accounts")
	title, settings := projects.Field("title"), accounts.Field("editor_settings")
	tests := []struct {
		name  string
		field *schema.Field
		give  any
		want  any
		err   string
	}{
		{name: "spaces around a title go", field: title, give: "  Graphs ", want: "Graphs"},
		{name: "longest title counts characters, not bytes", field: title, give: strings.Repeat("é", 200), want: strings.Repeat("é", 200)},
		{name: "one too long", field: title, give: strings.Repeat("é", 201), err: "x must have between 1 and 200 characters; this has 201."},
		{name: "only spaces", field: title, give: "  ", err: "x must not be empty."},
		{name: "two lines", field: title, give: "a\nb", err: "x must be one line without control characters."},
		{name: "invalid UTF-8", field: title, give: "a\xff", err: "x must be valid UTF-8."},
		{name: "a number is no title", field: title, give: int64(1), err: "x must be a string."},
		{name: "a float that is an integer", field: settings.Field("font_size"), give: 14.0, want: int64(14)},
		{name: "a fraction", field: settings.Field("font_size"), give: 14.5, err: "x must be an integer."},
		{name: "too small", field: settings.Field("font_size"), give: int64(7), err: "x must be between 8 and 40; this is 7."},
		{name: "not one of the values", field: settings.Field("theme"), give: "pink", err: "x must be one of auto, light, dark."},
		{name: "an unknown field below", field: settings, give: app.Row{"them": "dark"}, err: `x has no field "them"; its fields are font_size, keymap, line_wrapping, tab_size and theme.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.field.Clean("x", tt.give)
			if message := sentence(err); message != tt.err {
				t.Fatalf("error = %q, want %q", message, tt.err)
			}
			if err == nil && got != tt.want {
				t.Errorf("value = %v, want %v", got, tt.want)
			}
		})
	}
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	_, message := app.Public(err)
	return message
}
