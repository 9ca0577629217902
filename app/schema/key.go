package schema

import (
	"fmt"
	"strconv"
	"strings"

	"lyceum/app"
)

// JoinID joins the parts of a primary key: strings as they are, integers as 16
// digits, so that the order of ids is the order of numbers. Only the last part
// may contain a slash.
func JoinID(parts ...any) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('/')
		}
		switch v := part.(type) {
		case string:
			b.WriteString(v)
		case int64:
			fmt.Fprintf(&b, "%016d", v)
		case int:
			fmt.Fprintf(&b, "%016d", v)
		default:
			panic(fmt.Sprintf("schema: %T cannot be part of a key", part)) // keys are strings and integers: see the test of declarations
		}
	}
	return b.String()
}

// ID returns the primary key of row; ok is false if one of its fields is
// missing, of the wrong type or negative.
func (t *Table) ID(row app.Row) (id string, ok bool) {
	if len(t.Key) == 1 { // most tables
		if id, ok := row[t.Key[0]].(string); ok {
			return id, true
		}
	}
	parts := make([]any, len(t.Key))
	for i, name := range t.Key {
		switch v := row[name].(type) {
		case string:
			if i < len(t.Key)-1 && (v == "" || strings.Contains(v, "/")) {
				return "", false
			}
			parts[i] = v
		case int64:
			if v < 0 {
				return "", false
			}
			parts[i] = v
		default:
			return "", false
		}
	}
	return JoinID(parts...), true
}

// KeyOf is the reverse of ID: the key's fields with their values.
func (t *Table) KeyOf(id string) app.Row {
	row := make(app.Row, len(t.Key))
	for i, part := range strings.SplitN(id, "/", len(t.Key)) {
		name := t.Key[i]
		if f := t.Field(name); f != nil && f.Type == Int {
			if n, err := strconv.ParseInt(part, 10, 64); err == nil {
				row[name] = n
			}
			continue
		}
		row[name] = part
	}
	return row
}
