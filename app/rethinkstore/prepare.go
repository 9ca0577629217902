package rethinkstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/packed"
)

const (
	// layout is the version of how documents look. A database of another one is
	// brought to it, of a newer one refused.
	layout = 1
	// metaTable has the layout and the lock, serversTable who is there, acksTable
	// what they have heard of.
	metaTable    = "_lyceum"
	serversTable = "_servers"
	acksTable    = "_acks"

	// preparePatience bounds the whole preparation: an index of millions of rows
	// takes minutes.
	preparePatience = 30 * time.Minute
	// tableReady is how many seconds a table may need until it can be written to.
	tableReady = 20
)

// ask runs a query of the preparation and decodes its one answer into into.
func (s *Store) ask(ctx context.Context, term r.Term, into any) error {
	return s.pool.query(ctx, term, func() {}, func(b []byte) error {
		if into == nil {
			return nil
		}
		return json.Unmarshal(b, into)
	})
}

// wish runs a query that makes something, and is content if it is there already.
func (s *Store) wish(ctx context.Context, term r.Term) error {
	err := s.ask(ctx, term, nil)
	if err != nil && strings.Contains(err.Error(), "already exists") {
		return nil
	}
	return err
}

func (s *Store) db() r.Term { return r.DB(s.options.Database) }

// prepare makes what is missing in the database, one server at a time, and then
// looks whether it is what was asked for (S8).
func (s *Store) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, preparePatience)
	defer cancel()
	var dbs []string
	if err := s.ask(ctx, r.DBList(), &dbs); err != nil {
		return err
	}
	if !slices.Contains(dbs, s.options.Database) {
		if err := s.wish(ctx, r.DBCreate(s.options.Database)); err != nil {
			return err
		}
	}
	if err := s.setClock(ctx); err != nil {
		return err
	}
	var there []string
	if err := s.ask(ctx, s.db().TableList(), &there); err != nil {
		return err
	}
	for _, name := range []string{metaTable, serversTable, acksTable} {
		if err := s.makeTable(ctx, name, there, false); err != nil {
			return err
		}
	}
	if err := s.checkLayout(ctx); err != nil {
		return err
	}
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	lock, err := s.lock(ctx, func() { lost(errLockLost) })
	if err != nil {
		return err
	}
	defer lock.release()
	return s.prepareAlone(ctx, there)
}

// errLockLost is why a preparation was given up.
var errLockLost = app.Errorf(app.Unavailable, "The database did not answer for so long that another server prepares it now. Start this one again.")

// prepareAlone is what one server does at a time. The tables in there had been made
// before.
func (s *Store) prepareAlone(ctx context.Context, there []string) (err error) {
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}()
	if err := s.checkLayout(ctx); err != nil { // another may have changed it meanwhile
		return err
	}
	if err := s.makeIndexes(ctx, metaTable, patterns); err != nil {
		return err
	}
	if err := s.makeIndexes(ctx, acksTable, []wanted{{indexDead, []string{fieldDead}}}); err != nil {
		return err
	}
	for _, t := range s.tables {
		if err := s.prepareTable(ctx, t, there); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return s.noteLayout(ctx)
}

// setClock takes over the time of the database, so that servers whose clocks
// differ give revisions of one time.
func (s *Store) setClock(ctx context.Context) error {
	var now float64
	sent := time.Now()
	if err := s.ask(ctx, r.Now().ToEpochTime(), &now); err != nil {
		return err
	}
	s.clock.set(time.UnixMicro(int64(now*1e6)), sent, time.Now())
	return nil
}

// checkLayout refuses a database of a newer program.
func (s *Store) checkLayout(ctx context.Context) error {
	var row *struct{ Version int }
	if err := s.ask(ctx, s.db().Table(metaTable).Get("layout"), &row); err != nil {
		return err
	}
	if row != nil && row.Version > layout {
		return app.Errorf(app.Unavailable, "The database was written by a newer Lyceum: its layout has version %d, "+
			"and this program knows versions up to %d. Start the newer Lyceum again, "+
			"or restore a backup from before the update.", row.Version, layout)
	}
	return nil
}

func (s *Store) noteLayout(ctx context.Context) error {
	row := map[string]any{fieldID: "layout", "version": layout}
	return s.ask(ctx, s.db().Table(metaTable).Insert(row, r.InsertOpts{Conflict: "replace", Durability: hard}), nil)
}

// makeTable makes a table that is not there, and waits until it can be written to.
func (s *Store) makeTable(ctx context.Context, name string, there []string, ephemeral bool) error {
	if !slices.Contains(there, name) {
		options := r.TableCreateOpts{Shards: s.options.Shards, Replicas: s.options.Replicas}
		if ephemeral {
			options.Durability = soft
		}
		if err := s.wish(ctx, s.db().TableCreate(name, options)); err != nil {
			return err
		}
	}
	wait := s.db().Table(name).Wait(r.WaitOpts{WaitFor: "ready_for_writes", Timeout: tableReady})
	if err := s.pool.once(ctx, wait, func([]byte) error { return nil }); err != nil {
		if passing(err) || strings.Contains(err.Error(), "Timed out") {
			return app.Explain(err, app.Unavailable, "The table %s of the database %s has no primary replica that can be written to. "+
				"Start the RethinkDB servers that hold its replicas; if they are lost, repair it there with table.reconfigure({emergencyRepair: \"unsafe_rollback\"}).",
				name, s.options.Database)
		}
		return err
	}
	return nil
}

// makeIndexes makes the indexes of a table that are not there, and waits until
// all of them are built.
func (s *Store) makeIndexes(ctx context.Context, table string, list []wanted) error {
	var there []string
	if err := s.ask(ctx, s.db().Table(table).IndexList(), &there); err != nil {
		return err
	}
	for _, ix := range list {
		if slices.Contains(there, ix.name) {
			continue
		}
		create := s.db().Table(table).IndexCreateFunc(ix.name, func(row r.Term) any {
			for _, name := range ix.path {
				row = row.Field(name)
			}
			return row
		}, r.IndexCreateOpts{Multi: ix.multi()})
		if err := s.wish(ctx, create); err != nil {
			return err
		}
	}
	for pause := pauseFirst; ; {
		states, err := s.indexStates(ctx, table)
		if err != nil {
			return err
		}
		building := slices.ContainsFunc(list, func(ix wanted) bool { return !states[ix.name].Ready })
		if !building {
			return nil
		}
		if !wait(ctx, &pause) {
			return ctx.Err()
		}
	}
}

// base are the indexes that every table has.
func (t *table) base() []wanted {
	list := []wanted{{indexIDs, []string{fieldKey}}, {indexRevs, []string{fieldRev}}, {indexDead, []string{fieldDead}}}
	if t.ephemeral {
		list = append(list, wanted{indexHome, []string{fieldServer}})
	}
	return list
}

// declared are the indexes that the table's declaration asks for.
func (t *table) declared() []wanted {
	var list []wanted
	for _, ix := range t.indexes {
		list = append(list, wanted{ix.name, []string{fieldIndexes, ix.name}})
	}
	return list
}

// prepareTable brings one table and its indexes to the declaration.
func (s *Store) prepareTable(ctx context.Context, t *table, there []string) (err error) {
	if err := s.makeTable(ctx, t.Name, there, t.ephemeral); err != nil {
		return err
	}
	if slices.Contains(there, t.Name) {
		if err := s.changeIndexes(ctx, t); err != nil {
			return err
		}
	}
	if err := s.makeIndexes(ctx, t.Name, append(t.base(), t.declared()...)); err != nil {
		return err
	}
	t.identity, err = s.verify(ctx, t)
	return err
}

// changeIndexes makes ready for new indexes, and drops those that are declared no
// longer, of a table that may have rows.
func (s *Store) changeIndexes(ctx context.Context, t *table) error {
	if err := s.makeIndexes(ctx, t.Name, t.base()); err != nil {
		return err
	}
	var have []string
	if err := s.ask(ctx, t.term().IndexList(), &have); err != nil {
		return err
	}
	missing, surplus := t.compareIndexes(have)
	if missing+len(surplus) == 0 {
		return nil
	}
	// Others would write rows without the entries of indexes that they do not know.
	if err := s.peers.alone(ctx, func(server) bool { return true }); err != nil {
		return err
	}
	if missing > 0 {
		if err := s.fillIndexes(ctx, t); err != nil {
			return err
		}
	}
	for _, name := range surplus {
		if err := s.ask(ctx, t.term().IndexDrop(name), nil); err != nil {
			return err
		}
	}
	return nil
}

// compareIndexes says how many declared indexes are not there, and which are there
// and not declared. Those of an operator, which do not end as ours, are left.
func (t *table) compareIndexes(have []string) (missing int, surplus []string) {
	wanted := map[string]bool{}
	for _, ix := range t.indexes {
		wanted[ix.name] = true
		if !slices.Contains(have, ix.name) {
			missing++
		}
	}
	for _, name := range have {
		if !wanted[name] && ourIndex.MatchString(name) {
			surplus = append(surplus, name)
		}
	}
	return missing, surplus
}

// fillIndexes puts the entries of new indexes into all documents, which keep
// their revision: nobody is told.
func (s *Store) fillIndexes(ctx context.Context, t *table) error {
	var after any
	texts := new(packed.Texts)
	count := 0
	for {
		var docs []document
		term := t.rangeTerm(indexIDs, after, nil, true, false, maxBatch)
		err := s.pool.query(ctx, term, func() { docs = nil }, func(b []byte) error {
			var d document
			err := json.Unmarshal(b, &d)
			docs = append(docs, d)
			return err
		})
		if err != nil || len(docs) == 0 {
			if count > 0 {
				s.log().Info("index filled", "table", t.Name, "rows", count)
			}
			return err
		}
		var keys []any
		entries := make(map[string]any, len(docs))
		for i := range docs {
			rec, err := docs[i].record(texts, nil)
			if err != nil {
				return err
			}
			add := t.indexed(rec)
			keys = append(keys, docs[i].ID)
			entries[docs[i].ID] = map[string]any{fieldRev: docs[i].Rev, fieldIndexes: add}
		}
		if _, err := s.writeOnce(ctx, t.fillTerm(keys, entries)); err != nil {
			return fmt.Errorf("fill an index: %w", err)
		}
		count += len(docs)
		after = []byte(docs[len(docs)-1].Key)
	}
}

var errNotAsMade = errors.New("a table is not as it was asked for")

// verify looks whether a table is what was asked for: an acknowledged write must
// be on the disks of a majority, and all indexes there and of what they must be. It returns the identity of
// the table, which another of its name does not have. Errors that are errNotAsMade
// are sentences for an operator.
func (s *Store) verify(ctx context.Context, t *table) (identity string, err error) {
	var config struct {
		ID         string
		Durability string
		WriteAcks  string `json:"write_acks"`
	}
	if err := s.ask(ctx, t.term().Config(), &config); err != nil {
		return "", err
	}
	if !t.ephemeral && (config.Durability != hard || config.WriteAcks != majority) {
		return "", app.Explain(errNotAsMade, app.Unavailable, "The table %s of the database %s has durability %q and write_acks %q, so that an acknowledged change could be lost. "+
			"Let an administrator of RethinkDB run: r.db(%q).table(%q).config().update({durability: \"hard\", write_acks: \"majority\"}).",
			t.Name, s.options.Database, config.Durability, config.WriteAcks, s.options.Database, t.Name)
	}
	states, err := s.indexStates(ctx, t.Name)
	if err != nil {
		return "", err
	}
	for _, ix := range append(t.base(), t.declared()...) {
		state := states[ix.name]
		right := state.Ready && state.Multi == ix.multi()
		if right {
			if right, err = s.ofItsFunction(ctx, ix, state); err != nil {
				return "", err
			}
		}
		if !right {
			return "", app.Explain(errNotAsMade, app.Unavailable, "The index %s of the table %s of the database %s is not there, or not as Lyceum has made it. "+
				"Give it its name back, or drop what has the name and start Lyceum again, which makes it.", ix.name, t.Name, s.options.Database)
		}
	}
	return config.ID, nil
}
