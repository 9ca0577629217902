package rethinktest

import (
	"time"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

func feedTerms() terms {
	return terms{
		p.Term_CHANGES: {name: "changes", min: 1, max: 1, moody: true, eval: evalChanges,
			opts: []string{"squash", "include_initial", "include_states", "include_offsets", "include_types", "changefeed_queue_size"}},
	}
}

// A feedValue is a feed in a query; it is opened when it is the result of one.
type feedValue struct {
	parts []feedPart
	steps []step
}

type feedPart struct {
	watch   *watch
	options feedOptions
}

// each is the feed of what a step makes of each element.
func (v *feedValue) each(fn step) *feedValue {
	return &feedValue{parts: v.parts, steps: append(v.steps[:len(v.steps):len(v.steps)], fn)}
}

func feedsOf(args []value) []*feedValue {
	var feeds []*feedValue
	for _, arg := range args {
		if f, ok := arg.(*feedValue); ok {
			feeds = append(feeds, f)
		}
	}
	return feeds
}

func unionOf(feeds []*feedValue) (value, error) {
	all := &feedValue{}
	for _, f := range feeds {
		if len(f.steps) > 0 {
			return nil, unknown("`union` of a feed that is filtered or mapped")
		}
		all.parts = append(all.parts, f.parts...)
	}
	return all, nil
}

// open subscribes to all parts, or to none.
func (v *feedValue) open(e *env) (cursor, error) {
	c := &feedCursor{env: e, steps: v.steps, wake: make(chan struct{}, 1), note: p.Response_SEQUENCE_FEED}
	switch {
	case len(v.parts) > 1:
		c.note = p.Response_UNIONED_FEED
	case v.parts[0].watch.point:
		c.note = p.Response_ATOM_FEED
	case v.parts[0].watch.limit > 0:
		c.note = p.Response_ORDER_BY_LIMIT_FEED
	}
	for _, part := range v.parts {
		f, err := part.watch.open(e, part.options, c.wake)
		if err != nil {
			c.close()
			return nil, err
		}
		c.feeds = append(c.feeds, f)
	}
	return c, nil
}

func evalChanges(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	w, err := e.watchOf(v)
	if err != nil {
		return nil, err
	}
	o, err := e.feedOptions(n)
	if err != nil {
		return nil, err
	}
	if o.offsets && w.limit == 0 {
		return nil, logicError("Cannot include offsets for range subs.")
	}
	return &feedValue{parts: []feedPart{{w, o}}}, nil
}

// watchOf is what a feed over a value follows.
func (e *env) watchOf(v value) (*watch, error) {
	if r, ok := v.(*rowValue); ok {
		s := wholeTable(r.of)
		s.byKeys, s.keys = true, []string{r.at}
		return &watch{source: s, point: true}, nil
	}
	s, err := e.sequence(v)
	if err != nil {
		return nil, err
	}
	if s.refuse != "" {
		return nil, logicError("%s", s.refuse)
	}
	return s.watch, nil
}

func (e *env) feedOptions(n *node) (o feedOptions, err error) {
	for name, into := range map[string]*bool{"include_initial": &o.initial, "include_states": &o.states,
		"include_offsets": &o.offsets, "include_types": &o.types} {
		if *into, err = option(e, n, name, false); err != nil {
			return o, err
		}
	}
	size, err := option(e, n, "changefeed_queue_size", float64(e.opts.queueSize))
	if err != nil {
		return o, err
	}
	if size < 1 {
		return o, logicError("Illegal changefeed_queue_size `%s`.  (Must be >= 1.)", showNumber(size))
	}
	o.size = int(size)
	if n.opts["squash"] == nil {
		return o, nil
	}
	squash, err := e.evalDatum(n.opts["squash"])
	switch v := squash.(type) {
	case bool:
		o.squash = v
	case float64:
		if v < 0 {
			return o, logicError("Expected BOOL or a positive NUMBER but found a negative NUMBER.")
		}
		o.squash, o.interval = true, time.Duration(v*float64(time.Second))
	default:
		if err == nil {
			err = logicError("Expected BOOL or NUMBER but found %s.", kindOf(squash))
		}
	}
	return o, err
}
