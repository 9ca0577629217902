package rethinktest

import (
	"slices"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// sequenceTerms work on what has elements.
func sequenceTerms() terms {
	return terms{
		p.Term_FILTER:     {name: "filter", min: 2, max: 2, opts: []string{"default"}, lazy: true, eval: evalFilter},
		p.Term_MAP:        {name: "map", min: 2, max: 2, lazy: true, eval: evalMap},
		p.Term_CONCAT_MAP: {name: "concat_map", min: 2, max: 2, lazy: true, eval: evalConcatMap},
		p.Term_REDUCE:     {name: "reduce", min: 2, max: 2, lazy: true, eval: evalReduce},
		p.Term_UNION:      {name: "union", max: many, eval: evalUnion},
		p.Term_LIMIT:      {name: "limit", min: 2, max: 2, eval: evalLimit},
		p.Term_SKIP:       {name: "skip", min: 2, max: 2, eval: evalSkip},
		p.Term_NTH:        {name: "nth", min: 2, max: 2, eval: evalNth},
		p.Term_COUNT:      {name: "count", min: 1, max: 2, lazy: true, eval: evalCount},
		p.Term_IS_EMPTY:   {name: "is_empty", min: 1, max: 1, eval: evalIsEmpty},
		p.Term_CONTAINS:   {name: "contains", min: 1, max: many, lazy: true, eval: evalContains},
		p.Term_DISTINCT:   {name: "distinct", min: 1, max: 1, eval: evalDistinct},
		p.Term_RANGE:      {name: "range", max: 2, eval: evalRange},
		p.Term_COERCE_TO:  {name: "coerce_to", min: 2, max: 2, eval: evalCoerceTo},
		p.Term_GET_FIELD:  {name: "get_field", min: 2, max: 2, eval: evalGetField},
		p.Term_BRACKET:    {name: "bracket", min: 2, max: 2, eval: evalBracket},
		p.Term_HAS_FIELDS: {name: "has_fields", min: 1, max: many, eval: evalHasFields},
		p.Term_PLUCK:      {name: "pluck", min: 1, max: many, eval: evalPluck},
		p.Term_WITHOUT:    {name: "without", min: 1, max: many, eval: evalWithout},
		p.Term_MERGE:      {name: "merge", min: 1, max: many, lazy: true, eval: evalMerge},
	}
}

// transformed applies a step to the elements of a sequence or of a feed, or to
// the one value that v is.
func (e *env) transformed(v value, keep bool, fn step) (value, error) {
	switch v := v.(type) {
	case *feedValue:
		return v.each(fn), nil
	case *rowValue:
		d, err := v.load(e)
		if err != nil {
			return nil, err
		}
		return e.transformed(d, keep, fn)
	case object, nil:
		out, _, err := fn(e, v)
		return out, err
	}
	s, err := e.sequence(v)
	if err != nil {
		return nil, err
	}
	return s.each(keep, fn), nil
}

func evalFilter(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	var holds func(e *env, row datum) (datum, error)
	if n.args[1].isCall(p.Term_FUNC) {
		f, err := e.evalFunction(n.args[1])
		if err != nil {
			return nil, err
		}
		holds = func(e *env, row datum) (datum, error) { return e.callDatum(f, row) }
	} else {
		pattern, err := e.evalDatum(n.args[1])
		if err != nil {
			return nil, err
		}
		holds = func(_ *env, row datum) (datum, error) { return matches(row, pattern) }
	}
	otherwise := n.opts["default"]
	fn := func(e *env, row datum) (datum, bool, error) {
		ok, err := holds(e, row)
		if isMissing(err) {
			if otherwise == nil {
				return row, false, nil
			}
			if otherwise.isCall(p.Term_ERROR) && len(otherwise.args) == 0 {
				return nil, false, err
			}
			ok, err = e.evalDatum(otherwise)
		}
		return row, truthy(ok), err
	}
	if feed, ok := v.(*feedValue); ok {
		return feed.each(fn), nil
	}
	s, err := e.sequence(v)
	if err != nil {
		return nil, err
	}
	return s.each(true, fn).moody(n.args[1]), nil
}

// moody refuses to watch a stream that went through a function that reads
// tables.
func (s *stream) moody(fn *node) *stream {
	if fn.deterministic() || s.refuse != "" {
		return s
	}
	s.watch, s.refuse = nil, refuseMoody
	return s
}

// matches compares a row with the fields of a pattern.
func matches(row, pattern datum) (datum, error) {
	wanted, ok := isObject(pattern)
	if !ok {
		return equal(row, pattern), nil
	}
	have, ok := isObject(row)
	if !ok {
		return false, nil
	}
	for k, w := range wanted {
		h, ok := have[k]
		if !ok {
			return nil, missingError("No attribute `%s` in object:\n%s", k, show(have))
		}
		same, err := matches(h, w)
		if err != nil || same == false {
			return same, err
		}
	}
	return true, nil
}

func evalMap(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	f, err := e.evalFunction(n.args[1])
	if err != nil {
		return nil, err
	}
	fn := func(e *env, row datum) (datum, bool, error) {
		out, err := e.callDatum(f, row)
		return out, true, err
	}
	if feed, ok := v.(*feedValue); ok {
		return feed.each(fn), nil
	}
	s, err := e.sequence(v)
	if err != nil {
		return nil, err
	}
	next := s.each(false, fn).moody(n.args[1])
	if s.kind == "ARRAY" {
		return next.array(e)
	}
	return next, nil
}

func evalConcatMap(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	f, err := e.evalFunction(n.args[1])
	if err != nil {
		return nil, err
	}
	next := s.eager("STREAM", func(e *env, items []item) ([]item, error) {
		var all []item
		for _, it := range items {
			v, err := e.call(f, it.value)
			if err != nil {
				return nil, err
			}
			inner, err := e.sequence(v)
			if err != nil {
				return nil, err
			}
			more, err := inner.read(e, -1)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	})
	next.table, next.refuse = nil, refuseConcat
	return next, nil
}

func evalReduce(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	f, err := e.evalFunction(n.args[1])
	if err != nil {
		return nil, err
	}
	items, err := s.read(e, -1)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, missingError("Cannot reduce over an empty stream.")
	}
	sum := items[0].value
	for _, it := range items[1:] {
		if sum, err = e.callDatum(f, sum, it.value); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

func evalUnion(e *env, n *node) (value, error) {
	args, err := e.args(n)
	if err != nil {
		return nil, err
	}
	if feeds := feedsOf(args); len(feeds) > 0 {
		if len(feeds) < len(args) {
			return nil, unknown("`union` of a feed and of what is none")
		}
		return unionOf(feeds)
	}
	var parts []*stream
	for _, arg := range args {
		s, err := e.sequence(arg)
		if err != nil {
			return nil, err
		}
		parts = append(parts, s)
	}
	return &stream{kind: "STREAM", refuse: refuseEager, read: func(e *env, limit int) ([]item, error) {
		var all []item
		for _, s := range parts {
			items, err := s.read(e, limit)
			if err != nil {
				return nil, err
			}
			all = append(all, items...)
		}
		return all, nil
	}}, nil
}

func evalLimit(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	limit, err := e.evalInt(n.args[1])
	if err != nil {
		return nil, err
	}
	if limit < 0 {
		return nil, logicError("LIMIT takes a non-negative argument (got %d)", limit)
	}
	next := &stream{kind: s.kind, table: s.table, refuse: s.refuse, read: func(e *env, outer int) ([]item, error) {
		n := limit
		if outer >= 0 {
			n = min(n, outer)
		}
		items, err := s.read(e, n)
		return items[:min(n, len(items))], err
	}}
	switch {
	case s.watch == nil:
	case s.watch.source.order == 0 || len(s.watch.steps) > 0:
		next.refuse = refuseUnordered
	default:
		w := *s.watch
		w.limit = limit
		next.watch = &w
	}
	if next.kind == "TABLE" || next.kind == "TABLE_SLICE" {
		next.kind = "SELECTION<STREAM>"
	}
	return next, nil
}

func evalSkip(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	count, err := e.evalInt(n.args[1])
	if err != nil {
		return nil, err
	}
	if count < 0 {
		return nil, unknown("a negative `skip`")
	}
	return s.eager("SELECTION<STREAM>", func(_ *env, items []item) ([]item, error) {
		return items[min(count, len(items)):], nil
	}), nil
}

func evalNth(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	i, err := e.evalInt(n.args[1])
	if err != nil {
		return nil, err
	}
	return e.nth(s, i)
}

func (e *env) nth(s *stream, i int) (value, error) {
	items, err := s.read(e, -1)
	if err != nil {
		return nil, err
	}
	at := i
	if i < 0 {
		at += len(items)
	}
	if at < 0 || at >= len(items) {
		return nil, missingError("Index out of bounds: %d", i)
	}
	if it := items[at]; it.row != nil && s.table != nil {
		return &rowValue{&tableValue{table: s.table}, it.row.value[s.table.primaryKey], it.row.key}, nil
	}
	return items[at].value, nil
}

func evalCount(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	if len(n.args) == 2 {
		return nil, unknown("`count` with a predicate")
	}
	switch v := v.(type) {
	case string:
		return float64(len([]rune(v))), nil
	case object:
		if o, plain := isObject(v); plain {
			return float64(len(o)), nil
		}
	}
	s, err := e.sequence(v)
	if err != nil {
		return nil, err
	}
	items, err := s.read(e, -1)
	return float64(len(items)), err
}

func evalIsEmpty(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	items, err := s.read(e, 1)
	return len(items) == 0, err
}

// evalContains asks that each value, or some element for each function, is
// there.
func evalContains(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	list, err := s.array(e)
	if err != nil {
		return nil, err
	}
	for _, arg := range n.args[1:] {
		v, err := e.eval(arg)
		if err != nil {
			return nil, err
		}
		var failed error
		found := slices.ContainsFunc(list, func(have datum) bool {
			f, ok := v.(*function)
			if !ok {
				return equal(have, v)
			}
			holds, err := e.callDatum(f, have)
			if err != nil && !isMissing(err) && failed == nil {
				failed = err
			}
			return err == nil && truthy(holds)
		})
		if !found || failed != nil {
			return false, failed
		}
	}
	return true, nil
}

func evalDistinct(e *env, n *node) (value, error) {
	s, err := e.evalSequence(n.args[0])
	if err != nil {
		return nil, err
	}
	list, err := s.array(e)
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	slices.SortFunc(list, compare)
	return slices.CompactFunc(list, equal), nil
}

func evalRange(e *env, n *node) (value, error) {
	bounds := []int{0, 0}
	switch len(n.args) {
	case 0:
		return nil, unknown("`range` without an end")
	case 1:
		end, err := e.evalInt(n.args[0])
		if err != nil {
			return nil, err
		}
		bounds[1] = end
	case 2:
		for i, arg := range n.args {
			v, err := e.evalInt(arg)
			if err != nil {
				return nil, err
			}
			bounds[i] = v
		}
	}
	var list []datum
	for i := bounds[0]; i < bounds[1]; i++ {
		list = append(list, float64(i))
	}
	return fixed("STREAM", list), nil
}

func evalCoerceTo(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	kind, err := e.evalText(n.args[1])
	if err != nil {
		return nil, err
	}
	switch kind {
	case "array", "ARRAY":
		s, err := e.sequence(v)
		if err != nil {
			return nil, err
		}
		return s.array(e)
	case "string", "STRING":
		d, err := e.datum(v)
		if err != nil {
			return nil, err
		}
		if s, ok := d.(string); ok {
			return s, nil
		}
		return encodeJSON(d)
	}
	return nil, unknown("a coercion to `%s`", kind)
}
