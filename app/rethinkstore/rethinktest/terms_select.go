package rethinktest

import (
	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// selectTerms say which rows.
func selectTerms() terms {
	return terms{
		p.Term_DB:       {name: "db", min: 1, max: 1, eval: evalDB},
		p.Term_TABLE:    {name: "table", min: 1, max: 2, opts: []string{"read_mode"}, moody: true, eval: evalTable},
		p.Term_GET:      {name: "get", min: 2, max: 2, eval: evalGet},
		p.Term_GET_ALL:  {name: "get_all", min: 1, max: many, opts: []string{"index"}, eval: evalGetAll},
		p.Term_BETWEEN:  {name: "between", min: 3, max: 3, opts: []string{"index", "left_bound", "right_bound"}, eval: evalBetween},
		p.Term_ORDER_BY: {name: "order_by", min: 1, max: many, opts: []string{"index"}, lazy: true, eval: evalOrderBy},
		p.Term_ASC:      {name: "asc", min: 1, max: 1, eval: evalStray},
		p.Term_DESC:     {name: "desc", min: 1, max: 1, eval: evalStray},
	}
}

// A tableValue is a table in a query.
type tableValue struct {
	table    *table
	majority bool
}

// A rowValue is one row by its key, which may not be there.
type rowValue struct {
	of  *tableValue
	key datum
	at  string // its orderKey
}

// load reads the row as it is now; nil when there is none.
func (r *rowValue) load(e *env) (datum, error) {
	s := wholeTable(r.of)
	s.byKeys, s.keys = true, []string{r.at}
	rows, err := s.rows(e, -1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].value, nil
}

func evalStray(_ *env, n *node) (value, error) {
	return nil, logicError("%s may only be used as an argument to ORDER_BY.", map[string]string{"asc": "ASC", "desc": "DESC"}[n.op.name])
}

func evalDB(e *env, n *node) (value, error) {
	name, err := e.evalText(n.args[0])
	if err != nil {
		return nil, err
	}
	if err := checkName("Database", name); err != nil {
		return nil, err
	}
	db, err := e.conn.data().find(name)
	if err != nil {
		return nil, err
	}
	return &dbValue{name, db}, nil
}

// defaultDB is the database that the query names in its options.
func (e *env) defaultDB() (*dbValue, error) {
	if e.opts.db == nil {
		db, err := e.conn.data().find("test") // what the real server takes when none is named
		return &dbValue{"test", db}, err
	}
	v, err := e.eval(e.opts.db)
	if err != nil {
		return nil, err
	}
	return expectDB(v)
}

func expectDB(v value) (*dbValue, error) {
	db, ok := v.(*dbValue)
	if !ok {
		return nil, logicError("Expected type DATABASE but found %s.", kindOf(v))
	}
	return db, nil
}

// splitDB takes the database off the arguments of a term that may begin with
// one.
func (e *env) splitDB(n *node, rest int) (*dbValue, []*node, error) {
	if len(n.args) == rest {
		db, err := e.defaultDB()
		return db, n.args, err
	}
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, nil, err
	}
	db, err := expectDB(v)
	return db, n.args[1:], err
}

// evalNamed reads the arguments of a term that names something in a database.
func (e *env) evalNamed(n *node) (db *dbValue, name string, err error) {
	db, rest, err := e.splitDB(n, 1)
	if err != nil {
		return nil, "", err
	}
	name, err = e.evalText(rest[0])
	return db, name, err
}

func evalTable(e *env, n *node) (value, error) {
	db, name, err := e.evalNamed(n)
	if err != nil {
		return nil, err
	}
	if err := checkName("Table", name); err != nil {
		return nil, err
	}
	mode, err := option(e, n, "read_mode", "single")
	if err != nil {
		return nil, err
	}
	if err := checkReadMode(mode); err != nil {
		return nil, err
	}
	t, err := e.conn.data().table(db.db, name)
	if err != nil {
		return nil, err
	}
	if db.db.system {
		e.conn.data().refresh()
	}
	return &tableValue{t, mode == "majority"}, nil
}

func checkReadMode(mode string) error {
	if mode != "single" && mode != "majority" {
		return unknown("the read mode `%s`", mode)
	}
	return nil
}

func (e *env) evalTableOf(n *node) (*tableValue, error) {
	v, err := e.eval(n)
	if err != nil {
		return nil, err
	}
	t, ok := v.(*tableValue)
	if !ok {
		return nil, logicError("Expected type TABLE but found %s:\n%s", kindOf(v), describe(v))
	}
	return t, nil
}

func describe(v value) string {
	if lazyValue(v) {
		return "VALUE " + kindOf(v)
	}
	return show(v)
}

func evalGet(e *env, n *node) (value, error) {
	t, err := e.evalTableOf(n.args[0])
	if err != nil {
		return nil, err
	}
	key, err := e.evalDatum(n.args[1])
	if err != nil {
		return nil, err
	}
	at, err := primaryKey(key)
	return &rowValue{t, key, at}, err
}

func evalGetAll(e *env, n *node) (value, error) {
	args, err := e.args(n)
	if err != nil {
		return nil, err
	}
	t, ok := args[0].(*tableValue)
	if !ok {
		return nil, logicError("Expected type TABLE but found %s.", kindOf(args[0]))
	}
	s := wholeTable(t)
	s.byKeys = true
	if s.index, err = option(e, n, "index", ""); err != nil {
		return nil, err
	}
	for _, arg := range args[1:] {
		key, err := e.datum(arg)
		if err != nil {
			return nil, err
		}
		encoded, err := s.encode(key)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, encoded)
	}
	return selection("SELECTION<STREAM>", s), nil
}

// encode is a key of the source's index that a query asks for.
func (s *source) encode(key datum) (string, error) {
	if err := checkSecondary(key); err != nil {
		return "", err
	}
	if s.usesPrimary() {
		return primaryKey(key)
	}
	return orderKey(key), nil
}

func evalBetween(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	s, err := e.rangeOf(v)
	if err != nil {
		return nil, err
	}
	lower, err := e.evalDatum(n.args[1])
	if err != nil {
		return nil, err
	}
	upper, err := e.evalDatum(n.args[2])
	if err != nil {
		return nil, err
	}
	index, err := option(e, n, "index", s.index)
	if err != nil {
		return nil, err
	}
	if s.bounded {
		return nil, logicError("Cannot perform multiple BETWEENs on the same table.")
	}
	if s.order != 0 && index != s.index {
		return nil, logicError("Cannot order by index `%s` after calling BETWEEN on index `%s`.", s.index, index)
	}
	s.index, s.bounded = index, true
	left, err := boundOption(e, n, "left_bound", "closed")
	if err != nil {
		return nil, err
	}
	right, err := boundOption(e, n, "right_bound", "open")
	if err != nil {
		return nil, err
	}
	for _, key := range []datum{lower, upper} {
		if key == nil {
			return nil, logicError("Cannot use `null` in BETWEEN, use `r.minval` or `r.maxval` to denote unboundedness.")
		}
	}
	s.lower = edge{orderKey(lower), left == "open"}
	s.upper = edge{orderKey(upper), right == "closed"}
	return selection("TABLE_SLICE", s), nil
}

// rangeOf is the source of a table or of one that was only ordered yet.
func (e *env) rangeOf(v value) (*source, error) {
	switch v := v.(type) {
	case *tableValue:
		return wholeTable(v), nil
	case *stream:
		if v.kind == "TABLE_SLICE" && v.watch != nil && len(v.watch.steps) == 0 && v.watch.limit == 0 {
			s := *v.watch.source
			return &s, nil
		}
	}
	return nil, logicError("Expected type TABLE_SLICE but found %s.", kindOf(v))
}

func boundOption(e *env, n *node, name, otherwise string) (string, error) {
	v, err := option(e, n, name, otherwise)
	if err == nil && v != "open" && v != "closed" {
		err = logicError("Expected `open` or `closed` for optarg `%s` (got `\"%s\"`).", name, v)
	}
	return v, err
}
