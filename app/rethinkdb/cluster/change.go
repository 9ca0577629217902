package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

// settleEvery is how often it is looked whether replicas have arrived.
const settleEvery = time.Second

// Spread is over how many nodes tables are spread. 0 leaves a table as it is.
type Spread struct{ Shards, Replicas int }

// of is what becomes of a table.
func (s Spread) of(t Table) Spread {
	if s.Shards == 0 {
		s.Shards = t.Shards
	}
	if s.Replicas == 0 {
		s.Replicas = t.Copies
	}
	return s
}

// Reconfigure spreads every table of the database, and waits until every replica
// has everything. tell is called with how many tables are whole, of how many.
func Reconfigure(ctx context.Context, o Options, to Spread, tell func(whole, of int)) error {
	return o.with(ctx, func(session *r.Session) error {
		if err := enough(ctx, session, o.Database, "", to); err != nil {
			return err
		}
		if err := reconfigure(ctx, session, o.Database, to); err != nil {
			return refused(err)
		}
		return settle(ctx, o, tell)
	})
}

func reconfigure(ctx context.Context, session *r.Session, database string, to Spread) error {
	tables, err := tablesOf(ctx, session, database)
	if err != nil {
		return err
	}
	for _, t := range tables {
		to := to.of(t)
		term := r.DB(database).Table(t.Name).Reconfigure(r.ReconfigureOpts{Shards: to.Shards, Replicas: to.Replicas})
		if err := run(ctx, session, term); err != nil {
			return explainSpread(err, t.Name, to)
		}
	}
	return nil
}

// explainSpread makes sentences of the ways in which a cluster refuses.
func explainSpread(err error, table string, to Spread) error {
	switch text := said(err); {
	case strings.Contains(text, "Can't put"):
		return app.Explain(err, app.Invalid, "The cluster has fewer nodes than %d replicas of %s need. Start more nodes, or give a smaller --database-replicas.", to.Replicas, table)
	case strings.Contains(text, "unreachable"):
		return app.Explain(err, app.Unavailable, "Too many nodes that have %s are away. Start them; if they are lost for good: lyceum database replace rollback.", table)
	}
	return fmt.Errorf("reconfigure %s: %w", table, err)
}

func tablesOf(ctx context.Context, session *r.Session, database string) ([]Table, error) {
	rows, err := all[tableStatus](ctx, session, system("table_status").Filter(map[string]any{"db": database}))
	if err != nil {
		return nil, err
	}
	var s Status
	s.fill(nil, rows, nil)
	return s.Tables, nil
}

// settle waits until every replica of every table has everything.
func settle(ctx context.Context, o Options, tell func(whole, of int)) error {
	for {
		s, err := Look(ctx, o)
		if err != nil {
			return err
		}
		whole := 0
		for _, t := range s.Tables {
			if t.Whole {
				whole++
			}
		}
		tell(whole, len(s.Tables))
		if whole == len(s.Tables) {
			return nil
		}
		select {
		case <-time.After(settleEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// enough fails with a sentence if fewer nodes are there that may have replicas, but
// for one of this name, than replicas are wanted: before anything is changed.
func enough(ctx context.Context, session *r.Session, database, but string, to Spread) error {
	tables, err := tablesOf(ctx, session, database)
	if err != nil {
		return refused(err)
	}
	want := 0
	for _, t := range tables {
		want = max(want, to.of(t).Replicas)
	}
	servers, err := all[serverStatus](ctx, session, system("server_status"))
	if err != nil {
		return refused(err)
	}
	isThere := func(name string) bool {
		return slices.ContainsFunc(servers, func(s serverStatus) bool { return s.Name == name })
	}
	if but != "" && !isThere(but) {
		return app.Errorf(app.NotFound, "No node of the cluster has the name %s. lyceum database status lists them; for one that is lost there is lyceum database replace.", but)
	}
	configs, err := all[serverConfig](ctx, session, system("server_config"))
	if err != nil {
		return refused(err)
	}
	there := 0
	for _, c := range configs {
		if c.Name != but && isThere(c.Name) && slices.Contains(c.Tags, defaultTag) {
			there++
		}
	}
	if there < want {
		return app.Errorf(app.Invalid, "%d replicas need as many nodes, and there would be %d. Start another node first, or give a smaller --database-replicas.", want, there)
	}
	return nil
}

// Leave moves everything that a node has to the others, so that it can be stopped
// for good. Where that is refused the node may have replicas as before.
func Leave(ctx context.Context, o Options, name string, to Spread, tell func(whole, of int)) error {
	return o.with(ctx, func(session *r.Session) error {
		if err := enough(ctx, session, o.Database, name, to); err != nil {
			return err
		}
		before, err := all[serverConfig](ctx, session, system("server_config").Filter(map[string]any{"name": name}))
		if err != nil {
			return refused(err)
		}
		// A node without a tag is given no replica by reconfigure.
		if err := tag(ctx, session, serverConfig{Name: name, Tags: []string{}}); err != nil {
			return refused(err)
		}
		if err := reconfigure(ctx, session, o.Database, to); err != nil {
			return errors.Join(refused(err), o.restore(ctx, before))
		}
		return settle(ctx, o, tell)
	})
}

// restore gives nodes back the tags that they had, also after ctx has ended.
func (o Options) restore(ctx context.Context, before []serverConfig) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askPatience)
	defer cancel()
	return o.with(ctx, func(session *r.Session) error { // what failed may be the other connection
		for _, s := range before {
			if err := tag(ctx, session, s); err != nil {
				return fmt.Errorf("put back the tags %q of %s: %w", s.Tags, s.Name, err)
			}
		}
		return nil
	})
}

// tag gives a node its tags, instead of those that it has.
func tag(ctx context.Context, session *r.Session, s serverConfig) error {
	return run(ctx, session, system("server_config").Filter(map[string]any{"name": s.Name}).Update(map[string]any{"tags": s.Tags}))
}

// defaultTag is that of a node which is to have replicas.
const defaultTag = "default"

// Return lets a node have replicas again that was made to leave; one that was not
// stays as it is. They come with the next Reconfigure.
func Return(ctx context.Context, o Options, name string) error {
	return o.with(ctx, func(session *r.Session) error {
		left := system("server_config").Filter(map[string]any{"name": name, "tags": []string{}})
		return refused(run(ctx, session, left.Update(map[string]any{"tags": []string{defaultTag}})))
	})
}

// Replace gives what lost nodes had to those that are there. A table that has lost
// most of its replicas is only touched with rollback, which goes on with what is
// left and may take back the last writes; without it such a table is named in the
// error, and nothing is changed.
func Replace(ctx context.Context, o Options, to Spread, rollback bool, tell func(whole, of int)) error {
	return o.with(ctx, func(session *r.Session) error {
		if err := enough(ctx, session, o.Database, "", to); err != nil {
			return err
		}
		tables, err := tablesOf(ctx, session, o.Database)
		if err != nil {
			return refused(err)
		}
		var dead []string
		for _, t := range tables {
			if !t.Writes {
				dead = append(dead, t.Name)
			}
		}
		if len(dead) > 0 && !rollback {
			return app.Errorf(app.Unavailable, "Most replicas of %s are away, so nobody knows what was written last. Start their nodes again; "+
				"if they are lost for good, lyceum database replace rollback goes on with what is left, and may lose the last writes.", strings.Join(dead, ", "))
		}
		for _, name := range dead {
			if err := run(ctx, session, r.DB(o.Database).Table(name).Reconfigure(r.ReconfigureOpts{EmergencyRepair: "unsafe_rollback"})); err != nil {
				return fmt.Errorf("repair %s: %w", name, refused(err))
			}
		}
		for _, name := range dead { // a new primary takes a moment to begin
			wait := r.WaitOpts{WaitFor: "ready_for_writes", Timeout: int(changePatience.Seconds()) / 2}
			if err := run(ctx, session, r.DB(o.Database).Table(name).Wait(wait)); err != nil {
				return fmt.Errorf("repair %s: %w", name, err)
			}
		}
		if err := reconfigure(ctx, session, o.Database, to); err != nil {
			return refused(err)
		}
		return settle(ctx, o, tell)
	})
}
