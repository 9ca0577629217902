package query

import (
	"fmt"
	"strings"

	"lyceum/app"
	"lyceum/app/schema"
)

// topicFields are the fields of a stored table by whose values a change is
// found in its log: the first part of its key, the first field of each index,
// and what its views ask for permission.
func topicFields(table string) []string {
	var fields []string
	seen := map[string]bool{"": true}
	add := func(name string) {
		if !seen[name] && !strings.Contains(name, ".") {
			fields = append(fields, name)
		}
		seen[name] = true
	}
	for _, t := range schema.All() {
		if t.Stored() != table {
			continue
		}
		add(t.Key[0])
		for _, index := range t.Indexes {
			add(index.Fields[0])
		}
		add(scopeField(t))
	}
	return fields
}

// topicsOf returns the function that says under which topics a change of a
// table stands in its log. (L8)
func topicsOf(table string) func(app.Change) []string {
	fields := topicFields(table)
	return func(c app.Change) []string {
		topics := []string{everything, rowTopic(c.ID)}
		for _, row := range []app.Row{c.Old, c.New} {
			for _, name := range fields {
				if v, ok := row[name]; ok {
					topics = append(topics, topic(name, v))
				}
			}
		}
		return topics
	}
}

func rowTopic(id string) string { return "=" + id }

func topic(field string, v any) string { return fmt.Sprintf("%s=%v", field, v) }

// topics returns those of which one holds every change that a watch with this
// scope can be concerned by.
func (q *ask) topics(s scope) []string {
	if id, ok := q.table.ID(q.eq); ok {
		return []string{rowTopic(id)}
	}
	for _, name := range topicFields(q.table.Stored()) {
		if v, ok := q.eq[name]; ok && name != s.field {
			return []string{topic(name, v)}
		}
	}
	topics := make([]string, 0, len(s.keys))
	for key := range s.keys {
		if s.field == "" {
			return []string{everything}
		}
		topics = append(topics, topic(s.field, key))
	}
	return topics
}
