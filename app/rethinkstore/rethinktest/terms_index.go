package rethinktest

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

func evalIndexCreate(e *env, n *node) (value, error) {
	t, err := e.evalTableOf(n.args[0])
	if err != nil {
		return nil, err
	}
	name, err := e.evalText(n.args[1])
	if err != nil {
		return nil, err
	}
	if err := e.allowed(t.table, "config"); err != nil {
		return nil, err
	}
	if name == t.table.primaryKey {
		return nil, logicError("Index name conflict: `%s` is the name of the primary key.", name)
	}
	ix := &index{name: name, field: name}
	if ix.multi, err = option(e, n, "multi", false); err != nil {
		return nil, err
	}
	if len(n.args) == 3 {
		if !n.args[2].deterministic() {
			return nil, logicError("Could not prove function deterministic.  Index functions must be deterministic.")
		}
		if ix.fn, err = e.evalFunction(n.args[2]); err != nil {
			return nil, err
		}
	}
	tt := t.table
	tt.mu.Lock()
	defer tt.mu.Unlock()
	if err := tt.usable("write"); err != nil {
		return nil, err
	}
	if tt.indexes[name] != nil {
		return nil, failedError("Index `%s` already exists on table `%s.%s`.", name, tt.db.name, tt.name)
	}
	tt.indexes[name] = ix
	for _, r := range tt.rows {
		for _, key := range tt.keysOf(ix, r.value) {
			ix.entries.add(entry{key, r.key})
		}
	}
	return object{"created": 1.0}, nil
}

// named is an index that a term is about. The caller holds t.mu.
func (t *table) named(name string) (*index, error) {
	ix := t.indexes[name]
	if ix == nil {
		return nil, failedError("Index `%s` does not exist on table `%s.%s`.", name, t.db.name, t.name)
	}
	return ix, nil
}

func evalIndexDrop(e *env, n *node) (value, error) {
	t, name, err := e.indexArgs(n)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := t.named(name); err != nil {
		return nil, err
	}
	delete(t.indexes, name)
	return object{"dropped": 1.0}, nil
}

// indexArgs are the table and the index of a term that changes one.
func (e *env) indexArgs(n *node) (*table, string, error) {
	t, err := e.evalTableOf(n.args[0])
	if err != nil {
		return nil, "", err
	}
	name, err := e.evalText(n.args[1])
	if err != nil {
		return nil, "", err
	}
	return t.table, name, e.allowed(t.table, "config")
}

func evalIndexRename(e *env, n *node) (value, error) {
	t, name, err := e.indexArgs(n)
	if err != nil {
		return nil, err
	}
	to, err := e.evalText(n.args[2])
	if err != nil {
		return nil, err
	}
	overwrite, err := option(e, n, "overwrite", false)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ix, err := t.named(name)
	if err != nil {
		return nil, err
	}
	if name == to {
		return object{"renamed": 0.0}, nil
	}
	if t.indexes[to] != nil && !overwrite {
		return nil, failedError("Index `%s` already exists on table `%s.%s`.", to, t.db.name, t.name)
	}
	delete(t.indexes, name)
	ix.name = to
	t.indexes[to] = ix
	return object{"renamed": 1.0}, nil
}

func evalIndexList(e *env, n *node) (value, error) {
	t, err := e.evalTableOf(n.args[0])
	if err != nil {
		return nil, err
	}
	t.table.mu.Lock()
	defer t.table.mu.Unlock()
	return names(t.table.indexes), t.table.usable("read")
}

// evalIndexStatus shows indexes. One that was just made is not ready: whoever
// reads it without having waited finds that out here as on a busy server.
func evalIndexStatus(e *env, n *node) (value, error) {
	return e.indexStatus(n, func(ix *index) { ix.ready = ix.asked > 0 })
}

func evalIndexWait(e *env, n *node) (value, error) {
	return e.indexStatus(n, func(ix *index) { ix.ready = true })
}

func (e *env) indexStatus(n *node, ask func(*index)) (value, error) {
	args, err := e.args(n)
	if err != nil {
		return nil, err
	}
	v, ok := args[0].(*tableValue)
	if !ok {
		return nil, logicError("Expected type TABLE but found %s.", kindOf(args[0]))
	}
	t := v.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.usable("read"); err != nil {
		return nil, err
	}
	wanted := slices.Sorted(maps.Keys(t.indexes))
	if len(args) > 1 {
		wanted = nil
		for _, arg := range args[1:] {
			name, err := expect[string](arg, "STRING")
			if err != nil {
				return nil, err
			}
			if _, err := t.named(name); err != nil {
				return nil, err
			}
			wanted = append(wanted, name)
		}
	}
	list := []datum{}
	for _, name := range wanted {
		ix := t.indexes[name]
		if !ix.ready {
			ask(ix)
		}
		ix.asked++
		list = append(list, ix.status())
	}
	return list, nil
}

// status is an index as index_status shows it. What is in the function's bytes
// nobody can read who is not the real server: they are the same for the same
// function, whatever the index is called, and that is all.
func (ix *index) status() object {
	function := ix.showFunction()
	out := object{"index": ix.name, "multi": ix.multi, "geo": false, "outdated": false, "ready": ix.ready,
		"query":    "indexCreate('" + ix.name + "', " + function + ")",
		"function": object{pseudoField: "BINARY", "data": base64.StdEncoding.EncodeToString([]byte("$reql_index_function$" + function))}}
	if !ix.ready {
		out["progress"] = 0.0
	}
	return out
}

// showFunction is the function and the options of an index as the real server
// writes them (record 9). The variables have the numbers that the driver gave
// them, so the same function looks another way in each process. How a field of a
// field is written is not recorded; here as everything that is chained.
func (ix *index) showFunction() string {
	shown := "function(_var19) { return _var19.getField(" + strconv.Quote(ix.field) + "); }"
	if ix.fn != nil {
		var vars []string
		for _, id := range ix.fn.params {
			vars = append(vars, showVariable(id))
		}
		shown = "function(" + strings.Join(vars, ", ") + ") { return " + ix.fn.showNode(ix.fn.body, true) + "; }"
	}
	if ix.multi {
		shown += ", {multi: true}"
	}
	return shown
}

func showVariable(id float64) string { return "var" + strconv.Itoa(int(id)) }

// showNode writes a term in JavaScript. A value that begins a chain is wrapped.
func (f *function) showNode(n *node, first bool) string {
	switch {
	case n.op == nil:
		text, err := encodeJSON(n.value)
		if err != nil {
			return err.Error()
		}
		if first {
			return "r.expr(" + text + ")"
		}
		return text
	case n.isCall(p.Term_VAR):
		if id, ok := n.args[0].value.(float64); ok {
			return showVariable(id)
		}
		return "var"
	case n.isCall(p.Term_MAKE_ARRAY):
		list := "[" + strings.Join(f.showAll(n.args), ", ") + "]"
		if first {
			return "r.expr(" + list + ")"
		}
		return list
	case len(n.args) == 0:
		return "r." + camel(n.op.name) + "()"
	}
	return f.showNode(n.args[0], true) + "." + camel(n.op.name) + "(" + strings.Join(f.showAll(n.args[1:]), ", ") + ")"
}

func (f *function) showAll(nodes []*node) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, f.showNode(n, false))
	}
	return all
}

func camel(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
