package rethinktest

// An item is an element of a stream: a row of a table as long as it is one.
type item struct {
	row   *row
	value datum
}

// A stream is a sequence that is read when someone asks.
type stream struct {
	kind   string // as typeOf answers
	table  *table // of a selection, whose rows can be written
	read   func(e *env, limit int) ([]item, error)
	watch  *watch // what changes() would follow
	refuse string // why changes() cannot, a sentence of the real server
}

// A watch is what a feed follows.
type watch struct {
	source *source
	point  bool // one row by its key
	steps  []step
	limit  int // of an ordered source; 0: none
}

// A step changes one row of a stream, or drops it.
type step func(e *env, v datum) (datum, bool, error)

// Sentences of the real server about what cannot be watched.
const (
	refuseEager     = "Cannot call `changes` on an eager stream."
	refuseUnordered = "Cannot get changes on the first elements of an unordered stream."
	refuseConcat    = "Cannot call `changes` after `concat_map`."
	refuseMoody     = "Cannot call `changes` after a non-deterministic function."
)

// selection is a stream of a source's rows.
func selection(kind string, s *source) *stream {
	return &stream{
		kind:  kind,
		table: s.table,
		watch: &watch{source: s},
		read: func(e *env, limit int) ([]item, error) {
			rows, err := s.rows(e, limit)
			if err != nil {
				return nil, err
			}
			items := make([]item, len(rows))
			for i, r := range rows {
				items[i] = item{r, r.value}
			}
			return items, nil
		},
	}
}

// fixed is a sequence of values that are already there.
func fixed(kind string, values []datum) *stream {
	return &stream{kind: kind, refuse: refuseEager, read: func(*env, int) ([]item, error) {
		items := make([]item, len(values))
		for i, v := range values {
			items[i].value = v
		}
		return items, nil
	}}
}

// each is the stream of what a step makes of each element. Rows stay rows when
// the step only drops some (keep).
func (s *stream) each(keep bool, fn step) *stream {
	next := &stream{kind: "STREAM", refuse: s.refuse}
	if s.isArray() {
		next.kind = "ARRAY"
	}
	if keep {
		next.kind, next.table = s.kind, s.table
		if s.kind == "TABLE" || s.kind == "TABLE_SLICE" {
			next.kind = "SELECTION<STREAM>"
		}
	}
	if s.watch != nil {
		w := *s.watch
		w.steps = append(w.steps[:len(w.steps):len(w.steps)], fn)
		next.watch = &w
	}
	next.read = func(e *env, _ int) ([]item, error) {
		items, err := s.read(e, -1)
		if err != nil {
			return nil, err
		}
		var out []item
		for _, it := range items {
			v, ok, err := fn(e, it.value)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			it.value = v
			if !keep {
				it.row = nil
			}
			out = append(out, it)
		}
		return out, nil
	}
	return next
}

// isArray reports whether the elements are one value and not sent in batches.
func (s *stream) isArray() bool { return s.kind == "ARRAY" || s.kind == "SELECTION<ARRAY>" }

// eager is a stream that is worked out from all of another.
func (s *stream) eager(kind string, fn func(e *env, items []item) ([]item, error)) *stream {
	return &stream{kind: kind, table: s.table, refuse: refuseEager, read: func(e *env, _ int) ([]item, error) {
		items, err := s.read(e, -1)
		if err != nil {
			return nil, err
		}
		return fn(e, items)
	}}
}

// array reads a stream into an array.
func (s *stream) array(e *env) ([]datum, error) {
	items, err := s.read(e, -1)
	if err != nil {
		return nil, err
	}
	return values(items), e.checkArray(len(items))
}

func values(items []item) []datum {
	list := make([]datum, len(items))
	for i, it := range items {
		list[i] = it.value
	}
	return list
}

// sequence makes a value one that can be read element by element.
func (e *env) sequence(v value) (*stream, error) {
	switch v := v.(type) {
	case *stream:
		return v, nil
	case *tableValue:
		return selection("TABLE", wholeTable(v)), nil
	case []datum:
		return fixed("ARRAY", v), nil
	case *rowValue:
		d, err := v.load(e)
		if err != nil {
			return nil, err
		}
		return e.sequence(d)
	case nil:
		return nil, missingError("Cannot convert NULL to SEQUENCE")
	case *feedValue:
		return nil, logicError("Cannot call a terminal (`reduce`, `count`, etc.) on an infinite stream (such as a changefeed).")
	}
	return nil, logicError("Cannot convert %s to SEQUENCE", kindOf(v))
}

func (e *env) evalSequence(n *node) (*stream, error) {
	v, err := e.eval(n)
	if err != nil {
		return nil, err
	}
	return e.sequence(v)
}
