package rethinktest

import (
	"maps"
	"slices"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// adminTerms are about databases, tables and indexes themselves.
func adminTerms() terms {
	return terms{
		p.Term_DB_CREATE:    {name: "db_create", min: 1, max: 1, moody: true, eval: admin(evalDBCreate)},
		p.Term_DB_DROP:      {name: "db_drop", min: 1, max: 1, moody: true, eval: admin(evalDBDrop)},
		p.Term_DB_LIST:      {name: "db_list", moody: true, eval: evalDBList},
		p.Term_TABLE_CREATE: {name: "table_create", min: 1, max: 2, opts: []string{"primary_key", "durability", "shards", "replicas"}, moody: true, eval: admin(evalTableCreate)},
		p.Term_TABLE_DROP:   {name: "table_drop", min: 1, max: 2, moody: true, eval: admin(evalTableDrop)},
		p.Term_TABLE_LIST:   {name: "table_list", max: 1, moody: true, eval: evalTableList},
		p.Term_INDEX_CREATE: {name: "index_create", min: 2, max: 3, opts: []string{"multi"}, moody: true, lazy: true, eval: admin(evalIndexCreate)},
		p.Term_INDEX_DROP:   {name: "index_drop", min: 2, max: 2, moody: true, eval: admin(evalIndexDrop)},
		p.Term_INDEX_RENAME: {name: "index_rename", min: 3, max: 3, opts: []string{"overwrite"}, moody: true, eval: admin(evalIndexRename)},
		p.Term_INDEX_LIST:   {name: "index_list", min: 1, max: 1, moody: true, eval: evalIndexList},
		p.Term_INDEX_STATUS: {name: "index_status", min: 1, max: many, moody: true, eval: evalIndexStatus},
		p.Term_INDEX_WAIT:   {name: "index_wait", min: 1, max: many, moody: true, eval: evalIndexWait},
		p.Term_CONFIG:       {name: "config", min: 1, max: 1, moody: true, eval: evalConfig},
		p.Term_STATUS:       {name: "status", min: 1, max: 1, moody: true, eval: evalStatus},
		p.Term_WAIT:         {name: "wait", min: 1, max: 1, opts: []string{"wait_for", "timeout"}, moody: true, eval: evalWait},
		p.Term_RECONFIGURE:  {name: "reconfigure", min: 1, max: 1, opts: []string{"shards", "replicas", "dry_run", "emergency_repair"}, moody: true, eval: admin(evalReconfigure)},
	}
}

// changedFrom is how a change of a configuration is answered.
func changedFrom(old, new datum) []datum {
	return []datum{object{"old_val": old, "new_val": new}}
}

func (db *database) config() object { return object{"id": db.id, "name": db.name} }

func evalDBCreate(e *env, n *node) (value, error) {
	name, err := e.evalText(n.args[0])
	if err != nil {
		return nil, err
	}
	if err := checkName("Database", name); err != nil {
		return nil, err
	}
	if err := e.permitted(name, "", "config"); err != nil {
		return nil, err
	}
	d := e.conn.data()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dbs[name] != nil {
		return nil, failedError("Database `%s` already exists.", name)
	}
	db := &database{id: newID(), name: name, tables: map[string]*table{}}
	d.dbs[name] = db
	return object{"config_changes": changedFrom(nil, db.config()), "dbs_created": 1.0}, nil
}

func evalDBDrop(e *env, n *node) (value, error) {
	name, err := e.evalText(n.args[0])
	if err != nil {
		return nil, err
	}
	if err := e.permitted(name, "", "config"); err != nil {
		return nil, err
	}
	d := e.conn.data()
	db, err := d.find(name)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.dbs, name)
	for _, t := range db.tables {
		t.drop()
	}
	return object{"config_changes": changedFrom(db.config(), nil), "dbs_dropped": 1.0, "tables_dropped": float64(len(db.tables))}, nil
}

func evalDBList(e *env, _ *node) (value, error) {
	d := e.conn.data()
	d.mu.Lock()
	defer d.mu.Unlock()
	return names(d.dbs), nil
}

// names are the keys of a map in their order.
func names[V any](m map[string]V) []datum {
	all := []datum{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, name)
	}
	return all
}

func evalTableCreate(e *env, n *node) (value, error) {
	db, name, err := e.evalNamed(n)
	if err != nil {
		return nil, err
	}
	if err := checkName("Table", name); err != nil {
		return nil, err
	}
	if err := e.permitted(db.name, "", "config"); err != nil {
		return nil, err
	}
	key, err := option(e, n, "primary_key", "id")
	if err != nil {
		return nil, err
	}
	d := e.conn.data()
	t := newTable(d, db.db, name, key)
	if t.config.durability, err = option(e, n, "durability", t.config.durability); err != nil {
		return nil, err
	}
	if t.config.shards, err = e.spread(n, 1, 1); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if db.db.tables[name] != nil {
		return nil, failedError("Table `%s.%s` already exists.", db.name, name)
	}
	db.db.tables[name] = t
	return object{"config_changes": changedFrom(nil, t.configObject()), "tables_created": 1.0}, nil
}

func evalTableDrop(e *env, n *node) (value, error) {
	db, name, err := e.evalNamed(n)
	if err != nil {
		return nil, err
	}
	d := e.conn.data()
	t, err := d.table(db.db, name)
	if err != nil {
		return nil, err
	}
	if err := e.permitted(db.name, name, "config"); err != nil {
		return nil, err
	}
	old := t.lockedConfig()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(db.db.tables, name)
	t.drop()
	return object{"config_changes": changedFrom(old, nil), "tables_dropped": 1.0}, nil
}

// drop ends a table and its feeds (150).
func (t *table) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropped = true
	t.abortFeeds()
	t.settled.Broadcast()
}

func evalTableList(e *env, n *node) (value, error) {
	db, _, err := e.splitDB(n, 0)
	if err != nil {
		return nil, err
	}
	d := e.conn.data()
	d.mu.Lock()
	defer d.mu.Unlock()
	return names(db.db.tables), nil
}

func (e *env) evalTables(n *node) (all []*table, one bool, err error) {
	v, err := e.eval(n)
	if err != nil {
		return nil, false, err
	}
	return e.tables(v)
}

// tables are the tables that config, status and wait are about: one, or those of
// a database.
func (e *env) tables(v value) (all []*table, one bool, err error) {
	switch v := v.(type) {
	case *tableValue:
		return []*table{v.table}, true, nil
	case *dbValue:
		d := e.conn.data()
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(v.db.tables)) {
			all = append(all, v.db.tables[name])
		}
		return all, false, nil
	}
	return nil, false, logicError("Expected type TABLE or DATABASE but found %s.", kindOf(v))
}

func evalConfig(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	if db, ok := v.(*dbValue); ok {
		return db.db.config(), nil
	}
	all, _, err := e.tables(v)
	if err != nil {
		return nil, err
	}
	return all[0].lockedConfig(), e.allowed(all[0], "config")
}

func evalStatus(e *env, n *node) (value, error) {
	all, one, err := e.evalTables(n.args[0])
	if err != nil {
		return nil, err
	}
	list := []datum{}
	for _, t := range all {
		list = append(list, t.status())
	}
	if one {
		return list[0], nil
	}
	return list, nil
}

// evalWait waits until the tables can be used, or for the time-out.
func evalWait(e *env, n *node) (value, error) {
	all, _, err := e.evalTables(n.args[0])
	if err != nil {
		return nil, err
	}
	what, err := option(e, n, "wait_for", "all_replicas_ready")
	if err != nil {
		return nil, err
	}
	seconds, err := option(e, n, "timeout", 0.0)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if err := t.wait(e.ctx, what, seconds); err != nil {
			return nil, err
		}
	}
	return object{"ready": float64(len(all))}, nil
}

func evalReconfigure(e *env, n *node) (value, error) {
	all, one, err := e.evalTables(n.args[0])
	if err != nil {
		return nil, err
	}
	if !one {
		return nil, unknown("`reconfigure` of a database")
	}
	if n.opts["emergency_repair"] != nil {
		return e.evalRepair(n, all[0])
	}
	if n.opts["shards"] == nil || n.opts["replicas"] == nil {
		return nil, logicError("Missing required argument `shards` or `replicas`.")
	}
	t := all[0]
	if err := e.allowed(t, "config"); err != nil {
		return nil, err
	}
	shards, err := e.spread(n, 0, 0)
	if err != nil {
		return nil, err
	}
	dry, err := option(e, n, "dry_run", false)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.data.quorum && t.minority() {
		return nil, failedError("The server(s) hosting table `%s.%s` are currently unreachable. The table was not reconfigured. If you do not expect the server(s) to recover, you can use `emergency_repair` to restore availability of the table.", t.db.name, t.name)
	}
	old, before := t.configObject(), t.config
	t.config.shards = shards
	changed := t.configObject()
	if dry {
		t.config = before
		return object{"config_changes": changedFrom(old, changed), "reconfigured": 0.0}, nil
	}
	status := t.statusObject()
	return object{"config_changes": changedFrom(old, changed), "status_changes": changedFrom(status, status), "reconfigured": 1.0}, nil
}

func (e *env) evalRepair(n *node, t *table) (value, error) {
	if n.opts["shards"] != nil || n.opts["replicas"] != nil || n.opts["dry_run"] != nil {
		return nil, unknown("`emergency_repair` with other options")
	}
	if err := e.allowed(t, "config"); err != nil {
		return nil, err
	}
	mode, err := option(e, n, "emergency_repair", "")
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old, status := t.configObject(), t.statusObject()
	if err := t.repair(mode); err != nil {
		return nil, err
	}
	return object{"config_changes": changedFrom(old, t.configObject()), "status_changes": changedFrom(status, t.statusObject()), "reconfigured": 1.0}, nil
}
