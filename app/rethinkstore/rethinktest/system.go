package rethinktest

import (
	"fmt"
	"net"
	"strconv"
)

// systemName is the database in which the server shows itself. Its tables are
// made from what is there when they are read, and whenever that changes for
// those who watch. They are only read here, but for the tags of nodes: what the
// real server does when they are written is not known.
const systemName = "rethinkdb"

// systemTables are those that are known, by name, with how their rows are made.
var systemTables = map[string]func(*data) []object{
	"server_status":  (*data).serverStatus,
	"server_config":  (*data).serverConfig,
	"db_config":      (*data).dbConfig,
	"table_config":   (*data).tableConfig,
	"table_status":   (*data).tableStatus,
	"current_issues": (*data).issues,
}

func newSystem(d *data) *database {
	db := &database{id: newID(), name: systemName, system: true, tables: map[string]*table{}}
	for name := range systemTables {
		db.tables[name] = newTable(d, db, name, "id")
	}
	return db
}

// changed brings the tables of the system up to date that someone watches. The
// caller holds no mutex.
func (d *data) changed() {
	for _, t := range d.system.tables {
		t.mu.Lock()
		watched := len(t.feeds) > 0
		t.mu.Unlock()
		if watched {
			d.refresh()
			return
		}
	}
}

// refresh brings the tables of the system up to date. The caller holds no mutex.
func (d *data) refresh() {
	d.refreshing.Lock()
	defer d.refreshing.Unlock()
	for name, make := range systemTables {
		rows := map[string]*row{}
		t := d.system.tables[name]
		for _, o := range make(d) {
			r, err := t.newRow(o)
			if err != nil {
				panic("rethinktest: " + err.Error()) // its key is an id that was made here
			}
			rows[r.key] = r
		}
		t.become(rows)
	}
}

// become makes these the rows of a table, and tells its feeds what that changes.
func (t *table) become(rows map[string]*row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, old := range t.rows {
		if rows[key] == nil {
			t.commit(change{old: old})
		}
	}
	for key, r := range rows {
		if old := t.rows[key]; old == nil || !equal(old.value, r.value) {
			t.commit(change{old, r})
		}
	}
}

// serverStatus has a row for each node that runs.
func (d *data) serverStatus() []object {
	var rows []object
	for _, m := range d.nodes {
		if !m.up() {
			continue
		}
		host, port, err := net.SplitHostPort(m.place())
		if err != nil {
			panic("rethinktest: " + err.Error()) // it was made here, or by Misplace
		}
		n, err := strconv.ParseFloat(port, 64)
		if err != nil {
			panic("rethinktest: " + err.Error())
		}
		rows = append(rows, object{"id": m.id, "name": m.name,
			"process": object{"version": fmt.Sprintf("rethinkdb %s (for tests)", m.server.version), "cache_size_mb": 100.0, "pid": 1.0, "argv": []datum{"rethinkdb"}},
			"network": object{"hostname": host, "reql_port": n, "cluster_port": n + 1, "http_admin_port": "<no http admin>",
				"canonical_addresses": []datum{object{"host": host, "port": n + 1}}}})
	}
	return rows
}

func (d *data) serverConfig() []object {
	var rows []object
	for _, m := range d.nodes {
		rows = append(rows, object{"id": m.id, "name": m.name, "tags": labelsOf(m), "cache_size_mb": "auto"})
	}
	return rows
}

func labelsOf(m *member) []datum {
	tags := []datum{}
	for _, tag := range m.labels() {
		tags = append(tags, tag)
	}
	return tags
}

func (d *data) dbConfig() []object {
	d.mu.Lock()
	defer d.mu.Unlock()
	var rows []object
	for _, db := range d.dbs {
		if !db.system {
			rows = append(rows, db.config())
		}
	}
	return rows
}

func (d *data) tableConfig() []object { return d.ofTables((*table).lockedConfig) }

func (d *data) tableStatus() []object { return d.ofTables((*table).status) }

// ofTables is a row for each table.
func (d *data) ofTables(row func(*table) object) []object {
	var rows []object
	for _, t := range d.all() {
		rows = append(rows, row(t))
	}
	return rows
}

// issues names the tables that cannot be used. The real server knows more kinds.
func (d *data) issues() []object {
	var rows []object
	for _, t := range d.all() {
		if status := t.status(); status["raft_leader"] == nil {
			text := fmt.Sprintf("Table `%s.%s` is missing its primary replica.", t.db.name, t.name)
			rows = append(rows, object{"id": t.id, "type": "table_availability", "critical": true, "description": text,
				"info": object{"db": t.db.name, "table": t.name, "status": status["status"]}})
		}
	}
	return rows
}

// admin is the evaluation of a term that changes what the system's tables show.
func admin(eval func(*env, *node) (value, error)) func(*env, *node) (value, error) {
	return func(e *env, n *node) (value, error) {
		v, err := eval(e, n)
		if err == nil {
			e.conn.data().changed()
		}
		return v, err
	}
}
