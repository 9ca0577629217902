package rethinktest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

// plain is a result as JSON has it.
func plain(t *testing.T, v []any) []any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out []any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// listOf is what All makes of one result.
func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// variable is a number that the driver gives to each function's variable.
var variable = regexp.MustCompile(`\bvar_?\d+\b`)

// sameQuery checks that a query is the recorded one. The driver prints options
// and fields in any order, so the letters are compared.
func sameQuery(t *testing.T, recorded string, q r.Term) {
	t.Helper()
	letters := func(s string) []rune {
		return slices.Sorted(slices.Values([]rune(variable.ReplaceAllString(s, "var"))))
	}
	if recorded != "" && !slices.Equal(letters(recorded), letters(q.String())) {
		t.Fatalf("asks %s, the record %s", q, recorded)
	}
}

func sameError(t *testing.T, wanted recordedError, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", wanted.Text)
	}
	text := func(s string) string { s, _, _ = strings.Cut(s, " in:\n"); return s }
	if kind := fmt.Sprintf("%T", err); kind != wanted.GoType || text(err.Error()) != text(wanted.Text) {
		t.Errorf("got  %s %s\nwant %s %s", kind, err, wanted.GoType, wanted.Text)
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// same compares answers but for what is made anew each time.
func same(how comparison, wanted, got []any) bool {
	wanted, got = anonymous(wanted).([]any), anonymous(got).([]any)
	switch how {
	case anyhow:
		sortJSON(wanted)
		sortJSON(got)
	case folded:
		return reflect.DeepEqual(fold(wanted), fold(got))
	case outcome:
		return reflect.DeepEqual(addedUp(wanted), addedUp(got))
	}
	return len(wanted) == len(got) && (len(wanted) == 0 || reflect.DeepEqual(wanted, got))
}

// anonymous is a value without the ids and names that a server makes up, nor
// what nobody but the real server can make.
func anonymous(v any) any {
	switch v := v.(type) {
	case string:
		if uuid.MatchString(v) {
			return "some id"
		}
		if v == "node1" || v == "ref" {
			return "some node"
		}
		return variable.ReplaceAllString(v, "var")
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = anonymous(e)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = anonymous(e)
		}
		if out["outdated"] != nil {
			delete(out, "function")
		}
		return out
	}
	return v
}

// sortJSON sorts what has no order, and lists of changes in it.
func sortJSON(list []any) {
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			if changes, ok := m["changes"].([]any); ok {
				sortJSON(changes)
			}
		}
	}
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(jsonOf(a), jsonOf(b)) })
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// fold merges the steps of each row into one from the first old to the last new
// value.
func fold(messages []any) map[string][2]string {
	rows := map[string][2]string{}
	for _, m := range messages {
		m := m.(map[string]any)
		id := idOf(m)
		step, begun := rows[id]
		if !begun {
			step[0] = jsonOf(m["old_val"])
		}
		step[1] = jsonOf(m["new_val"])
		rows[id] = step
	}
	for id, step := range rows {
		if step[0] == step[1] {
			delete(rows, id)
		}
	}
	return rows
}

func idOf(m map[string]any) string {
	if v, ok := m["new_val"].(map[string]any); ok {
		return jsonOf(v["id"])
	}
	return jsonOf(m["old_val"].(map[string]any)["id"])
}

// addedUp is what a limited feed shows once all its elements are taken in: how
// much more than at the beginning.
func addedUp(messages []any) map[string]int {
	rows := map[string]int{}
	for _, m := range messages {
		m := m.(map[string]any)
		rows[jsonOf(m["old_val"])]--
		rows[jsonOf(m["new_val"])]++
	}
	delete(rows, "null")
	for k, n := range rows {
		if n == 0 {
			delete(rows, k)
		}
	}
	return rows
}
