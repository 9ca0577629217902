package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"

	"github.com/fxamacker/cbor/v2"
	_ "github.com/mattn/go-sqlite3"

	"lyceum/app"
	"lyceum/app/ordered"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

// A site of some size, in proportions that a university has after some years: most
// rows are patches.
const (
	rowsAnAccount      = 500 // of all tables
	projectsAnAccount  = 3
	documentsAProject  = 10
	adasProjects       = 100 // whatever the size
	bytesOfAPatch      = 60
	bytesOfACheckpoint = 600
)

// filler writes rows into a closed store in its own layout: far faster than by
// its writer, and what opens it afterwards does not see the difference.
type filler struct {
	*rand.Rand
	tx      *sql.Tx
	n       int64 // rows
	tables  map[string]*filling
	encoder cbor.EncMode
}

type filling struct {
	put     *sql.Stmt
	indexes []ordered.Index
	entries [][]ordered.Place // of each index
}

// fill makes a database of about some number of rows.
func fill(ctx context.Context, path string, rows int) (err error) {
	empty, err := sqlitestore.Open(ctx, path, schema.Tables())
	if err != nil {
		return err
	}
	if err := empty.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path, RawQuery: "_journal_mode=OFF&_synchronous=OFF&_cache_size=-400000"}).String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	f := &filler{Rand: rand.New(rand.NewPCG(1, 1)), tables: make(map[string]*filling)}
	if f.encoder, err = cbor.CoreDetEncOptions().EncMode(); err != nil {
		return err
	}
	if f.tx, err = db.BeginTx(ctx, nil); err != nil {
		return err
	}
	for _, t := range schema.Tables() {
		if err := f.begin(t); err != nil {
			return err
		}
	}
	if err := f.site(rows); err != nil {
		return err
	}
	if err := f.end(); err != nil {
		return err
	}
	if err := f.tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}

func (f *filler) begin(t app.Table) (err error) {
	into := &filling{entries: make([][]ordered.Place, len(t.Indexes))}
	f.tables[t.Name] = into
	for _, ix := range t.Indexes {
		compiled, err := ordered.Compile(ix)
		if err != nil {
			return err
		}
		into.indexes = append(into.indexes, compiled)
	}
	into.put, err = f.tx.Prepare(fmt.Sprintf(`INSERT INTO "%s" (id, rev, row) VALUES (?, ?, ?)`, t.Name))
	return err
}

// put writes a row; its id is computed.
func (f *filler) put(table string, row app.Row) error {
	declared, _ := schema.Lookup(table)
	id, ok := declared.ID(row)
	if !ok {
		return fmt.Errorf("%s: no key in %v", table, row)
	}
	b, err := f.encoder.Marshal(row)
	if err != nil {
		return err
	}
	f.n++
	into := f.tables[table]
	for i, ix := range into.indexes {
		for _, key := range ix.Keys(row) {
			into.entries[i] = append(into.entries[i], ordered.Place{Key: key, ID: id})
		}
	}
	_, err = into.put.Exec(id, f.n, b)
	return err
}

// end writes the indexes, each in its order, and the number of the last write.
func (f *filler) end() error {
	for name, into := range f.tables {
		for i, ix := range into.indexes {
			add, err := f.tx.Prepare(fmt.Sprintf(`INSERT INTO "%s.%s" (key, id) VALUES (?, ?)`, name, ix.Name))
			if err != nil {
				return err
			}
			slices.SortFunc(into.entries[i], ordered.Place.Compare)
			for _, p := range into.entries[i] {
				if _, err := add.Exec(p.Key, p.ID); err != nil {
					return err
				}
			}
		}
	}
	_, err := f.tx.Exec("UPDATE _store SET n = ?", f.n)
	return err
}

func accountID(i int) string { return fmt.Sprintf("account%019d", i) }

func projectID(i int) string { return fmt.Sprintf("project%019d", i) }

func documentID(i int) string { return fmt.Sprintf("document%018d", i) }

const now = int64(1764184000000)

// site puts accounts with their sign-ins, projects with what is in them, and
// patches up to the number of rows. Account 0 is ada, an administrator.
func (f *filler) site(rows int) error {
	accounts := rows / rowsAnAccount
	for i := range accounts {
		if err := f.account(i); err != nil {
			return err
		}
	}
	documents := 0
	for i := range accounts * projectsAnAccount {
		if err := f.project(i, accounts); err != nil {
			return err
		}
		for range documentsAProject {
			if err := f.document(documents, i); err != nil {
				return err
			}
			documents++
		}
	}
	each := (rows - int(f.n)) / documents
	for i := range documents {
		for seq := range each {
			err := f.put("patches", app.Row{
				"document_id": documentID(i), "seq": int64(seq + 1), "project_id": projectID(i / documentsAProject), "time": now + int64(seq),
				"account_id": accountID(f.IntN(accounts)), "origin": "tab" + fmt.Sprint(seq%3), "n": int64(seq), "update": make([]byte, bytesOfAPatch),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *filler) account(i int) error {
	id, address := accountID(i), fmt.Sprintf("person%d@example.org", i)
	if i == 0 {
		address = "ada@example.org"
	}
	err := errors.Join(
		f.put("accounts", app.Row{"id": id, "name": fmt.Sprint("Person ", i), "email_address": address, "created": now, "administrator": i == 0}),
		f.put("emails", app.Row{"address": address, "account_id": id, "created": now}),
	)
	for k := range 2 {
		err = errors.Join(err, f.put("sessions", app.Row{
			"id": fmt.Sprintf("%064x", i*2+k), "account_id": id, "created": now, "expires": now * 2, "user_agent": "Mozilla/5.0 (X11; Linux x86_64)", "address": "192.0.2.7",
		}))
	}
	return err
}

func (f *filler) project(i, accounts int) error {
	users := app.Row{accountID(f.IntN(accounts-1) + 1): app.Row{"role": "owner", "since": now}}
	for range f.IntN(4) {
		users[accountID(f.IntN(accounts-1)+1)] = app.Row{"role": "editor", "since": now}
	}
	if i < adasProjects {
		users[accountID(0)] = app.Row{"role": "owner", "since": now}
	}
	id, uid := projectID(i), int64(1_900_000_000+i)
	err := errors.Join(
		f.put("projects", app.Row{
			"id": id, "title": fmt.Sprint("Project ", i), "description": "Exercises and notes of one term.", "users": users, "created": now,
			"last_edited": now + f.Int64N(1e9), "state": app.Row{"state": "stopped", "since": now}, "uid": uid,
		}),
		f.put("project_uids", app.Row{"id": fmt.Sprintf("%010d", uid), "project_id": id}),
		f.put("terminals", app.Row{"id": "terminal" + id, "project_id": id, "title": "Terminal", "account_id": accountID(1), "created": now}),
	)
	for k := range 2 {
		err = errors.Join(err, f.put("file_actions", app.Row{
			"id": fmt.Sprint("action", k, id), "project_id": id, "action": "create_file", "path": "a.tex", "account_id": accountID(1), "time": now + int64(k), "finished": now,
		}))
	}
	return err
}

func (f *filler) document(i, project int) error {
	id, path := documentID(i), fmt.Sprintf("chapter%d.tex", i)
	err := errors.Join(
		f.put("documents", app.Row{"id": id, "project_id": projectID(project), "path": path, "created": now, "saved": app.Row{"seq": int64(3), "hash": fmt.Sprintf("%064x", i), "time": now}}),
		f.put("document_paths", app.Row{"project_id": projectID(project), "path": path, "document_id": id}),
	)
	if i%3 == 0 {
		err = errors.Join(err, f.put("checkpoints", app.Row{
			"document_id": id, "seq": int64(3), "state": bytes.Repeat([]byte{7}, bytesOfACheckpoint), "merged": app.Row{"tab0": app.Row{"n": int64(1), "seq": int64(3)}}, "time": now,
		}))
	}
	return err
}
