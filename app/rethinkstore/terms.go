package rethinkstore

import (
	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

const (
	// keptTags is how many writes a document remembers. A write that is asked for
	// again, because the connection was cut before its answer came, finds its tag
	// and changes nothing, unless so many others came in between.
	keptTags = 16

	indexIDs  = "_id"   // all rows by id
	indexRevs = "_rev"  // all documents by revision
	indexDead = "_dead" // tombstones by revision
	indexHome = "_home" // ephemeral rows by their server
)

// Durability and read mode of what is kept, and of what is not.
const (
	hard     = "hard"
	soft     = "soft"
	majority = "majority"
	single   = "single"
)

func (t *table) durability() string {
	if t.ephemeral {
		return soft
	}
	return hard
}

// readMode is majority for what is kept: what is shown must be safe (W2), and a
// primary that is cut off from the others must not answer from the past.
func (t *table) readMode() string {
	if t.ephemeral {
		return single
	}
	return majority
}

// term is the table as it is written.
func (t *table) term() r.Term { return r.DB(t.database).Table(t.Name) }

// reading is the table as it is read.
func (t *table) reading() r.Term {
	return r.DB(t.database).Table(t.Name, r.TableOpts{ReadMode: t.readMode()})
}

// putTerm inserts documents. One that is there already is replaced if it is a
// tombstone, or if its key is among those that anything may be replaced of.
// Exactly those have the tag of their write afterwards whose write was done. A copy
// that comes late, after another one was done and its tag has gone, finds a revision
// that is not below its own, and changes nothing.
func (t *table) putTerm(docs []any, replacing []any) r.Term {
	conflict := func(id, old, new r.Term) any {
		mine := new.Field(fieldTags).Nth(0)
		return r.Branch(
			old.Field(fieldTags).Contains(mine), old, // was done before
			old.Field(fieldRev).Ge(new.Field(fieldRev)), old, // late
			old.HasFields(fieldDead).Or(r.Expr(replacing).Contains(id)), over(old, new),
			old,
		)
	}
	return t.term().Insert(docs, r.InsertOpts{Conflict: conflict, ReturnChanges: "always", Durability: t.durability()})
}

// anyServer stands for the lost rows of all servers.
const anyServer = "*"

// changeTerm replaces documents that are there, under the conditions in writes,
// which are by primary key: "if" is the revision that must be there, or AnyRev,
// "new" what then stands there, and "lost" the server whose lost rows it may also
// stand in the place of, or anyServer. Other tombstones are left alone. The
// tombstone of a row that is lost says whose it was.
func (t *table) changeTerm(keys []any, writes map[string]any) r.Term {
	change := func(old r.Term) any {
		w := r.Expr(writes).Field(old.Field(fieldID))
		new, rev, lost := w.Field("new"), w.Field("if"), w.Field("lost")
		again := old.HasFields(fieldHome).And(lost.Eq(anyServer).Or(lost.Eq(old.Field(fieldHome)))).
			And(old.Field(fieldRev).Lt(new.Field(fieldRev)))
		home := r.Branch(new.HasFields(fieldLost), map[string]any{fieldHome: old.Field(fieldServer)}, map[string]any{})
		return r.Branch(
			old.Field(fieldTags).Contains(new.Field(fieldTags).Nth(0)), old, // was done before
			old.HasFields(fieldDead), r.Branch(again, over(old, new), old),
			rev.Lt(0).And(old.Field(fieldRev).Lt(new.Field(fieldRev))).Or(rev.Eq(old.Field(fieldRev))), over(old, new).Merge(home),
			old,
		)
	}
	return t.term().GetAll(r.Args(keys)).Replace(change, r.ReplaceOpts{ReturnChanges: "always", Durability: t.durability()})
}

// over is what stands in the place of old: new, with a revision above the old
// one, and the tags of both.
func over(old, new r.Term) r.Term {
	rev := r.Branch(old.Field(fieldRev).Ge(new.Field(fieldRev)), old.Field(fieldRev).Add(1), new.Field(fieldRev))
	return new.Merge(map[string]any{
		fieldRev:  rev,
		fieldBorn: r.Branch(old.HasFields(fieldDead), new.Field(fieldBorn), old.Field(fieldBorn)),
		fieldTags: old.Field(fieldTags).Prepend(new.Field(fieldTags).Nth(0)).Limit(keptTags),
	})
}

// rangeTerm reads documents of a range of an index in its order. A bound that is
// nil is none; open leaves out the lower bound itself, the upper one always is.
func (t *table) rangeTerm(index string, lower, upper any, open, descending bool, limit int) r.Term {
	bound, order := "closed", any(index)
	if open {
		bound = "open"
	}
	if descending {
		order = r.Desc(index)
	}
	if lower == nil {
		lower = r.MinVal
	}
	if upper == nil {
		upper = r.MaxVal
	}
	return t.reading().
		Between(lower, upper, r.BetweenOpts{Index: index, LeftBound: bound, RightBound: "open"}).
		OrderBy(r.OrderByOpts{Index: order}).Limit(limit)
}

// rowFields are what a reader needs of a document.
var rowFields = []any{fieldKey, fieldRev, fieldRow}

// newestTerm reads the greatest revision of the table.
func (t *table) newestTerm() r.Term {
	return t.reading().OrderBy(r.OrderByOpts{Index: r.Desc(indexRevs)}).Limit(1).Pluck(fieldRev)
}

// queued is how many changes the database keeps for us before it skips some: ten
// times its default, hundredths of a second of its memory bus and seconds of a
// flood.
const queued = 1_000_000

// feedTerm is the feed of all changes. It is open when the query returns.
func (t *table) feedTerm() r.Term {
	return t.term().Changes(r.ChangesOpts{ChangefeedQueueSize: queued})
}

// fillTerm puts entries of indexes into documents that are still as they were.
func (t *table) fillTerm(keys []any, entries map[string]any) r.Term {
	fill := func(old r.Term) any {
		e := r.Expr(entries).Field(old.Field(fieldID))
		return r.Branch(old.Field(fieldRev).Eq(e.Field(fieldRev)),
			old.Merge(map[string]any{fieldIndexes: e.Field(fieldIndexes)}), old)
	}
	return t.term().GetAll(r.Args(keys)).Replace(fill, r.ReplaceOpts{Durability: t.durability()})
}
