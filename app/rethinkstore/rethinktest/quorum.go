package rethinktest

import (
	"slices"
)

// With Options.Quorum the nodes that are stopped are missed: a table of which most
// replicas are on them can be neither read nor written, its status says which
// replicas are disconnected, and it can be repaired.

// defaultTag is that of a node which nobody has given others; a number of replicas
// is of nodes with it.
const defaultTag = "default"

// candidates are the nodes that may be given replicas.
func (d *data) candidates() []*member {
	var all []*member
	for _, m := range d.nodes {
		if slices.Contains(m.labels(), defaultTag) && (!d.quorum || m.up()) {
			all = append(all, m)
		}
	}
	return all
}

// labels are the tags of a node.
func (m *member) labels() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tags
}

// there reports whether a node of this name can answer for its replicas.
func (d *data) there(name string) bool {
	if !d.quorum {
		return true
	}
	i := slices.IndexFunc(d.nodes, func(m *member) bool { return m.name == name })
	return i >= 0 && d.nodes[i].up()
}

// elect gives tables a primary that have a majority, and takes it from others.
func (d *data) elect() {
	if !d.quorum {
		return
	}
	for _, t := range d.all() {
		t.mu.Lock()
		if lost := t.minority(); lost != t.faults.failed {
			if t.faults.failed = lost; lost {
				t.faults.failures++
				t.abortFeeds()
			}
			t.settled.Broadcast()
		}
		for i := range t.config.shards {
			t.config.shards[i].follow(d)
		}
		t.mu.Unlock()
	}
}

// follow makes a replica that is there the primary, if there is one.
func (s *shard) follow(d *data) {
	if d.there(s.primary) {
		return
	}
	for _, name := range s.replicas {
		if d.there(name) {
			s.primary = name
			return
		}
	}
}

// minority reports whether half or more of the replicas of a shard are away. The
// caller holds t.mu.
func (t *table) minority() bool {
	return slices.ContainsFunc(t.config.shards, func(s shard) bool {
		there := 0
		for _, name := range s.replicas {
			if t.data.there(name) {
				there++
			}
		}
		return 2*there <= len(s.replicas)
	})
}

// repair makes the replicas that are there the whole table. The caller holds t.mu.
func (t *table) repair(mode string) error {
	switch {
	case mode != "unsafe_rollback":
		return unknown("`emergency_repair` %q", mode)
	case !t.data.quorum || !t.minority():
		return failedError("This table doesn't need to be repaired.")
	}
	shards := make([]shard, 0, len(t.config.shards))
	for _, s := range t.config.shards {
		s.replicas = slices.DeleteFunc(slices.Clone(s.replicas), func(name string) bool { return !t.data.there(name) })
		if len(s.replicas) == 0 {
			return failedError("At least one of a table's replicas must be accessible in order to repair it.")
		}
		s.follow(t.data)
		shards = append(shards, s)
	}
	t.config.shards = shards
	t.faults.failed = false
	t.settled.Broadcast()
	return nil
}

// isTags reports whether a term is about the rows of server_config, the one table
// of the system that can be written, and there alone the tags.
func isTags(v value) bool {
	t, err := tableOf(v)
	return err == nil && t.db.system && t.name == "server_config"
}

// setTags runs an update of server_config.
func (e *env) setTags(target value, arg *node) (value, error) {
	if e.conn.user != "admin" {
		return nil, e.permitted(systemName, "server_config", "write")
	}
	v, err := e.evalDatum(arg)
	if err != nil {
		return nil, err
	}
	patch, _ := v.(object)
	list, isList := patch["tags"].([]datum)
	if len(patch) != 1 || !isList {
		return nil, unknown("how to write `rethinkdb.server_config` but for its tags")
	}
	tags := []string{}
	for _, tag := range list {
		text, ok := tag.(string)
		if !ok {
			return nil, logicError("Expected type STRING but found %s.", typeName(tag))
		}
		tags = append(tags, text)
	}
	replaced := 0.0
	err = e.targets(target, func(_, row datum) error {
		for _, m := range e.conn.data().nodes {
			if o, _ := row.(object); o["id"] == m.id {
				m.mu.Lock()
				m.tags = tags
				m.mu.Unlock()
				replaced++
			}
		}
		return nil
	})
	e.conn.data().changed()
	return object{"deleted": 0.0, "errors": 0.0, "inserted": 0.0, "replaced": replaced, "skipped": 0.0, "unchanged": 0.0}, err
}
