package rethinktest

import (
	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// writeTerms change rows.
func writeTerms() terms {
	const durability, changes = "durability", "return_changes"
	return terms{
		p.Term_INSERT:   {name: "insert", min: 2, max: 2, opts: []string{durability, changes, "conflict"}, moody: true, eval: evalInsert},
		p.Term_UPDATE:   {name: "update", min: 2, max: 2, opts: []string{durability, changes, "non_atomic"}, moody: true, lazy: true, eval: evalUpdate},
		p.Term_REPLACE:  {name: "replace", min: 2, max: 2, opts: []string{durability, changes, "non_atomic"}, moody: true, lazy: true, eval: evalReplace},
		p.Term_DELETE:   {name: "delete", min: 1, max: 1, opts: []string{durability, changes}, moody: true, eval: evalDelete},
		p.Term_FOR_EACH: {name: "for_each", min: 2, max: 2, moody: true, lazy: true, eval: evalForEach},
		p.Term_SYNC:     {name: "sync", min: 1, max: 1, moody: true, eval: evalSync},
	}
}

// A next says what becomes of a row: nil deletes it, or leaves it away.
type next func(old datum) (datum, error)

func evalInsert(e *env, n *node) (value, error) {
	t, err := e.evalTableOf(n.args[0])
	if err != nil {
		return nil, err
	}
	w, err := e.newWrite(t, n)
	if err != nil {
		return nil, err
	}
	conflict, err := e.conflictOption(n, t.table)
	if err != nil {
		return nil, err
	}
	docs, err := e.documents(n.args[1])
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		if doc[t.table.primaryKey] == nil && !hasKey(doc, t.table.primaryKey) {
			id := newID()
			doc = merge(doc, object{t.table.primaryKey: id}).(object)
			w.generated = append(w.generated, id)
		}
		w.add(doc, func(old datum) (datum, error) {
			if old == nil {
				return doc, nil
			}
			return conflict(old.(object), doc)
		})
	}
	return w.run()
}

func hasKey(o object, k string) bool {
	_, ok := o[k]
	return ok
}

// documents are what an insert is to insert.
func (e *env) documents(n *node) ([]object, error) {
	v, err := e.eval(n)
	if err != nil {
		return nil, err
	}
	list := []datum{v}
	if _, one := v.(object); !one {
		s, err := e.sequence(v)
		if err != nil {
			return nil, err
		}
		if list, err = s.array(e); err != nil {
			return nil, err
		}
	}
	docs := make([]object, len(list))
	for i, v := range list {
		if docs[i], err = expect[object](v, "OBJECT"); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// conflictOption is what an insert does when the key is taken.
func (e *env) conflictOption(n *node, t *table) (func(old, doc object) (datum, error), error) {
	opt := n.opts["conflict"]
	if opt != nil && opt.isCall(p.Term_FUNC) {
		if !opt.deterministic() {
			return nil, logicError("The conflict function passed to `insert` must be deterministic.")
		}
		f, err := e.evalFunction(opt)
		return func(old, doc object) (datum, error) { return e.callDatum(f, doc[t.primaryKey], old, doc) }, err
	}
	how, err := option(e, n, "conflict", "error")
	if err != nil {
		return nil, err
	}
	switch how {
	case "error":
		return func(old, doc object) (datum, error) {
			return nil, logicError("Duplicate primary key `%s`:\n%s\n%s", t.primaryKey, show(old), show(doc))
		}, nil
	case "replace":
		return func(_, doc object) (datum, error) { return doc, nil }, nil
	case "update":
		return func(old, doc object) (datum, error) { return merge(old, doc), nil }, nil
	}
	return nil, logicError("Conflict option `%s` unrecognized (options are \"error\", \"replace\" and \"update\").", how)
}

func evalUpdate(e *env, n *node) (value, error) {
	return e.change(n, func(patch func(datum) (any, error)) next {
		return func(old datum) (datum, error) {
			if old == nil {
				return nil, nil
			}
			v, err := patch(old)
			if err != nil {
				return nil, err
			}
			if _, taken := v.(*literal); !taken {
				if _, err := expect[object](v, "OBJECT"); err != nil {
					return nil, err
				}
			}
			return merge(old, v), nil
		}
	})
}

func evalReplace(e *env, n *node) (value, error) {
	return e.change(n, func(with func(datum) (any, error)) next {
		return func(old datum) (datum, error) { return with(old) }
	})
}

// change runs update and replace: make turns the argument, as a function of the
// row, into what becomes of the row.
func (e *env) change(n *node, make func(func(datum) (any, error)) next) (value, error) {
	nonAtomic, err := option(e, n, "non_atomic", false)
	if err != nil {
		return nil, err
	}
	arg := n.args[1]
	if !arg.deterministic() && !nonAtomic {
		what := "argument"
		if arg.isCall(p.Term_FUNC) {
			what = "function"
		}
		return nil, logicError("Could not prove %s deterministic.  Maybe you want to use the non_atomic flag?", what)
	}
	target, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	if isTags(target) && n.isCall(p.Term_UPDATE) {
		return e.setTags(target, arg)
	}
	t, err := tableOf(target)
	if err != nil {
		return nil, err
	}
	w, err := e.newWrite(t, n)
	if err != nil {
		return nil, err
	}
	fn, err := e.ofRow(arg)
	if err != nil {
		return nil, err
	}
	err = e.targets(target, func(key datum, row datum) error {
		if arg.deterministic() {
			w.addKey(key, make(fn))
			return nil
		}
		v, err := fn(row) // a query of its own: it must not run inside the write
		w.addKey(key, make(func(datum) (any, error) { return v, err }))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.run()
}

// ofRow is an argument as a function of a row.
func (e *env) ofRow(arg *node) (func(datum) (any, error), error) {
	plain := func(v value, err error) (any, error) {
		if _, taken := v.(*literal); taken || err != nil {
			return v, err
		}
		return e.datum(v)
	}
	if !arg.isCall(p.Term_FUNC) {
		v, err := plain(e.eval(arg))
		if e, ok := err.(*queryError); ok && e.kind == p.Response_USER {
			return func(datum) (any, error) { return nil, err }, nil
		}
		return func(datum) (any, error) { return v, nil }, err
	}
	f, err := e.evalFunction(arg)
	return func(row datum) (any, error) { return plain(e.call(f, row)) }, err
}

func evalDelete(e *env, n *node) (value, error) {
	target, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	t, err := tableOf(target)
	if err != nil {
		return nil, err
	}
	w, err := e.newWrite(t, n)
	if err != nil {
		return nil, err
	}
	err = e.targets(target, func(key, _ datum) error {
		w.addKey(key, func(datum) (datum, error) { return nil, nil })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.run()
}

// tableOf is the table whose rows a value is.
func tableOf(v value) (*table, error) {
	switch v := v.(type) {
	case *tableValue:
		return v.table, nil
	case *rowValue:
		return v.of.table, nil
	case *stream:
		if v.table != nil {
			return v.table, nil
		}
	}
	return nil, logicError("Expected type SELECTION but found %s.", kindOf(v))
}

// targets calls fn with the key of each row that a value is, and the row.
func (e *env) targets(v value, fn func(key, row datum) error) error {
	if r, ok := v.(*rowValue); ok {
		row, err := r.load(e)
		if err != nil {
			return err
		}
		return fn(r.key, row)
	}
	s, err := e.sequence(v)
	if err != nil {
		return err
	}
	items, err := s.read(e, -1)
	if err != nil {
		return err
	}
	for _, it := range items {
		if err := fn(it.row.value[s.table.primaryKey], it.row.value); err != nil {
			return err
		}
	}
	return nil
}

// evalForEach adds up what the writes of all elements gave.
func evalForEach(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	f, err := e.evalFunction(n.args[1])
	if err != nil {
		return nil, err
	}
	list, err := s.array(e)
	if err != nil {
		return nil, err
	}
	sum := object{}
	for _, element := range list {
		v, err := e.callDatum(f, element)
		if err != nil {
			return nil, err
		}
		results, many := v.([]datum)
		if !many {
			results = []datum{v}
		}
		for _, result := range results {
			o, err := expect[object](result, "OBJECT")
			if err != nil {
				return nil, logicError("FOR_EACH expects one or more basic write queries.  %s", err)
			}
			sum = addUp(sum, o)
		}
	}
	return sum, nil
}

// addUp adds the results of two writes: numbers are summed, lists joined, and of
// texts the first one stays.
func addUp(a, b object) object {
	out := merge(object{}, a).(object)
	for k, v := range b {
		switch have := out[k].(type) {
		case float64:
			out[k] = have + v.(float64)
		case []datum:
			out[k] = append(have[:len(have):len(have)], v.([]datum)...)
		case nil:
			out[k] = v
		}
	}
	return out
}

func evalSync(e *env, n *node) (value, error) {
	t, err := e.evalTableOf(n.args[0])
	if err != nil {
		return nil, err
	}
	t.table.mu.Lock()
	defer t.table.mu.Unlock()
	t.table.unsynced = nil
	return object{"synced": 1.0}, t.table.usable("write")
}
