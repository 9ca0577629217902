package rethinktest

import (
	"maps"
	"slices"
)

func evalGetField(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	field, err := e.evalText(n.args[1])
	if err != nil {
		return nil, err
	}
	return e.field(v, field)
}

// field is a field of an object, or of each element that has it.
func (e *env) field(v value, field string) (value, error) {
	if r, ok := v.(*rowValue); ok {
		d, err := r.load(e)
		if err != nil {
			return nil, err
		}
		v = d
	}
	switch o := v.(type) {
	case object:
		got, ok := o[field]
		if !ok {
			return nil, missingError("No attribute `%s` in object:\n%s", field, show(o))
		}
		return got, nil
	case nil:
		return nil, missingError("Cannot perform get_field on a non-object non-sequence `null`.")
	case bool, float64, string, bound:
		return nil, logicError("Cannot perform get_field on a non-object non-sequence `%s`.", show(o))
	}
	return e.transformed(v, false, func(_ *env, d datum) (datum, bool, error) {
		o, err := expect[object](d, "OBJECT")
		got, ok := o[field]
		return got, ok, err
	})
}

func evalBracket(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	by, err := e.evalDatum(n.args[1])
	if err != nil {
		return nil, err
	}
	switch by := by.(type) {
	case string:
		return e.field(v, by)
	case float64:
		s, err := e.sequence(v)
		if err != nil {
			return nil, err
		}
		return e.nth(s, int(by))
	}
	return nil, logicError("Expected NUMBER or STRING as second argument to `bracket` but found %s.", kindOf(by))
}

// A pattern says which fields: true for a whole one.
type pattern map[string]any // true or pattern

// patterns reads the fields that the arguments after the first name.
func (e *env) patterns(n *node) (value, pattern, error) {
	args, err := e.args(n)
	if err != nil {
		return nil, nil, err
	}
	all := pattern{}
	for _, arg := range args[1:] {
		d, err := e.datum(arg)
		if err != nil {
			return nil, nil, err
		}
		if err := all.add(d); err != nil {
			return nil, nil, err
		}
	}
	return args[0], all, nil
}

func (w pattern) add(d datum) error {
	switch d := d.(type) {
	case string:
		w[d] = true
		return nil
	case []datum:
		for _, e := range d {
			if err := w.add(e); err != nil {
				return err
			}
		}
		return nil
	case object:
		for k, below := range d {
			if below == true {
				w[k] = true
				continue
			}
			if w[k] == true {
				continue
			}
			inner, ok := w[k].(pattern)
			if !ok {
				inner = pattern{}
				w[k] = inner
			}
			if err := inner.add(below); err != nil {
				return err
			}
		}
		return nil
	}
	return logicError("Invalid path argument `%s`.", show(d))
}

// mapped is what fn makes of the elements of a list.
func mapped(list []datum, fn func(datum) datum) []datum {
	out := make([]datum, len(list))
	for i, e := range list {
		out[i] = fn(e)
	}
	return out
}

// pluck keeps the fields of the pattern, without leaves them out.
func (w pattern) pluck(d datum) datum {
	if list, ok := d.([]datum); ok {
		return mapped(list, w.pluck)
	}
	o, ok := isObject(d)
	if !ok {
		return d
	}
	out := object{}
	for k, below := range w {
		v, ok := o[k]
		if !ok {
			continue
		}
		inner, deeper := below.(pattern)
		if !deeper {
			out[k] = v
			continue
		}
		switch v.(type) {
		case object, []datum:
			out[k] = inner.pluck(v)
		}
	}
	return out
}

func (w pattern) without(d datum) datum {
	if list, ok := d.([]datum); ok {
		return mapped(list, w.without)
	}
	o, ok := isObject(d)
	if !ok {
		return d
	}
	out := maps.Clone(o)
	for k, below := range w {
		v, ok := o[k]
		if !ok {
			continue
		}
		if inner, deeper := below.(pattern); deeper {
			out[k] = inner.without(v)
		} else {
			delete(out, k)
		}
	}
	return out
}

// has reports whether all fields are there; null counts as missing (86).
func (w pattern) has(d datum) bool {
	o, ok := isObject(d)
	if !ok {
		return false
	}
	for k, below := range w {
		v := o[k]
		if v == nil {
			return false
		}
		if inner, deeper := below.(pattern); deeper && !inner.has(v) {
			return false
		}
	}
	return true
}

func evalPluck(e *env, n *node) (value, error) {
	v, fields, err := e.patterns(n)
	if err != nil {
		return nil, err
	}
	return e.transformed(v, false, onObjects("pluck", fields.pluck))
}

func evalWithout(e *env, n *node) (value, error) {
	v, fields, err := e.patterns(n)
	if err != nil {
		return nil, err
	}
	return e.transformed(v, false, onObjects("without", fields.without))
}

func onObjects(name string, fn func(datum) datum) step {
	return func(_ *env, d datum) (datum, bool, error) {
		if d == nil {
			return nil, false, missingError("Cannot perform %s on a non-object non-sequence `null`.", name)
		}
		if _, err := expect[object](d, "OBJECT"); err != nil {
			return nil, false, err
		}
		return fn(d), true, nil
	}
}

func evalHasFields(e *env, n *node) (value, error) {
	v, fields, err := e.patterns(n)
	if err != nil {
		return nil, err
	}
	if r, ok := v.(*rowValue); ok {
		if v, err = r.load(e); err != nil {
			return nil, err
		}
	}
	if o, ok := v.(object); ok {
		return fields.has(o), nil
	}
	return e.transformed(v, true, func(_ *env, d datum) (datum, bool, error) { return d, fields.has(d), nil })
}

// evalMerge merges objects into one, or into each element of a sequence.
func evalMerge(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	var with []value
	for _, arg := range n.args[1:] {
		w, err := e.eval(arg)
		if err != nil {
			return nil, err
		}
		with = append(with, w)
	}
	next, err := e.transformed(v, false, func(e *env, d datum) (datum, bool, error) {
		for _, w := range with {
			if f, ok := w.(*function); ok {
				var err error
				if w, err = e.call(f, d); err != nil {
					return nil, false, err
				}
			}
			if d == nil {
				return nil, false, missingError("Cannot perform merge on a non-object non-sequence `null`.")
			}
			if _, taken := w.(*literal); !taken {
				var err error
				if w, err = e.datum(w); err != nil {
					return nil, false, err
				}
			}
			d = merge(d, w)
		}
		return d, true, nil
	})
	if s, ok := next.(*stream); ok {
		for _, arg := range n.args[1:] {
			s = s.moody(arg)
		}
		return s, err
	}
	return next, err
}

// merge puts the fields of b into a, deeply; a literal replaces as it is.
func merge(a, b any) datum {
	if l, ok := b.(*literal); ok {
		return l.value
	}
	with, ok := isObject(b)
	if !ok {
		return b
	}
	into, _ := isObject(a)
	out := make(object, len(into)+len(with))
	maps.Copy(out, into)
	for k, v := range with {
		if l, ok := v.(*literal); ok && l.gone {
			delete(out, k)
			continue
		}
		out[k] = merge(out[k], v)
	}
	return out
}

// stray reports whether a literal is left in a value.
func stray(v any) bool {
	switch v := v.(type) {
	case *literal:
		return true
	case object:
		for _, field := range v {
			if stray(field) {
				return true
			}
		}
	case []datum:
		return slices.ContainsFunc(v, stray)
	}
	return false
}
