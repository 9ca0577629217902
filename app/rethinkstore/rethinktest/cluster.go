package rethinktest

import (
	"context"
	"time"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// spread puts shards and their replicas on nodes, as many as the options of a
// term say.
func (e *env) spread(n *node, shards, replicas float64) ([]shard, error) {
	if n.opts["replicas"] != nil {
		if v, err := e.evalDatum(n.opts["replicas"]); err != nil || typeName(v) != "NUMBER" {
			return nil, wrongOr(err, unknown("`replicas` by tags"))
		}
	}
	shards, err := option(e, n, "shards", shards)
	if err != nil {
		return nil, err
	}
	if replicas, err = option(e, n, "replicas", replicas); err != nil {
		return nil, err
	}
	nodes := e.conn.data().candidates()
	switch {
	case shards < 1:
		return nil, logicError("Every table must have at least one shard.")
	case replicas < 1:
		return nil, logicError("You must set `replicas` to at least one. `replicas` includes the primary replica; if there are zero replicas, there is nowhere to put the data.")
	case int(replicas) > len(nodes):
		return nil, failedError("Can't put %d replicas on servers with the tag `default` because there are only %d servers with the tag `default`. It's impossible to have more replicas of the data than there are servers.", int(replicas), len(nodes))
	}
	var all []shard
	for i := range int(shards) {
		sh := shard{primary: nodes[i%len(nodes)].name}
		for k := range int(replicas) {
			sh.replicas = append(sh.replicas, nodes[(i+k)%len(nodes)].name)
		}
		all = append(all, sh)
	}
	return all, nil
}

func wrongOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func (t *table) lockedConfig() object {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.configObject()
}

// configObject is the configuration as config() shows it. The caller holds t.mu,
// or has the table alone.
func (t *table) configObject() object {
	shards := []datum{}
	for _, s := range t.config.shards {
		replicas := []datum{}
		for _, r := range s.replicas {
			replicas = append(replicas, r)
		}
		shards = append(shards, object{"primary_replica": s.primary, "replicas": replicas, "nonvoting_replicas": []datum{}})
	}
	return object{"id": t.id, "db": t.db.name, "name": t.name, "primary_key": t.primaryKey, "durability": t.config.durability,
		"write_acks": t.config.writeAcks, "write_hook": nil, "indexes": names(t.indexes), "shards": shards}
}

func (t *table) status() object {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.statusObject()
}

// statusObject is how the table is, as status() shows it: without a primary it
// can be neither read nor written. The caller holds t.mu.
func (t *table) statusObject() object {
	ready, whole := !t.faults.failed, !t.faults.failed
	shards := []datum{}
	for _, s := range t.config.shards {
		primaries, replicas := []datum{}, []datum{}
		if ready {
			primaries = append(primaries, s.primary)
		}
		for _, r := range s.replicas {
			state := "ready"
			if !t.data.there(r) {
				state, whole = "disconnected", false
			}
			if !t.data.quorum && !ready && r == s.primary {
				state = "disconnected"
			}
			replicas = append(replicas, object{"server": r, "state": state})
		}
		shards = append(shards, object{"primary_replicas": primaries, "replicas": replicas})
	}
	var leader datum
	if ready && len(t.config.shards) > 0 {
		leader = t.config.shards[0].primary
	}
	return object{"id": t.id, "db": t.db.name, "name": t.name, "raft_leader": leader, "shards": shards,
		"status": object{"all_replicas_ready": whole, "ready_for_reads": ready, "ready_for_writes": ready, "ready_for_outdated_reads": true}}
}

// waitable are the states that wait() can wait for.
var waitable = map[string]bool{"all_replicas_ready": true, "ready_for_reads": true, "ready_for_writes": true}

// wait waits until a table has a primary, seconds at most; 0 is for ever.
func (t *table) wait(ctx context.Context, what string, seconds float64) error {
	if !waitable[what] {
		return unknown("waiting for `%s`", what)
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	if seconds > 0 {
		waiting, cancel = context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
		defer cancel()
	}
	defer t.waking(waiting)()
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.faults.failed && !t.dropped && waiting.Err() == nil {
		t.settled.Wait()
	}
	switch {
	case t.dropped:
		return t.usable("read")
	case !t.faults.failed:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fail(p.Response_OP_FAILED, "Timed out while waiting for tables.")
}
