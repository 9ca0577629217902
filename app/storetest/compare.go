package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
)

// seeds is how many random lives of a store are compared with the reference.
const seeds = 8

// steps is how long a random life is.
const steps = 400

func seedName(seed int) string { return fmt.Sprintf("seed_%d", seed) }

// life is one random series of writes and ranges on two stores at once.
type life struct {
	*rand.Rand
	t            *testing.T
	subject, ref app.Store
	revs         map[string][2]int64 // last known revisions in both
}

// Compare does the same random things to the empty store s and to a memstore and
// fails at the first difference; the seed in the name of the test repeats it.
func Compare(t *testing.T, seed int, s app.Store) {
	ref := memstore.New(Tables())
	defer ref.Close() // has nothing to fail at
	l := &life{
		Rand: rand.New(rand.NewPCG(uint64(seed), 1)), t: t, subject: s, ref: ref,
		revs: make(map[string][2]int64),
	}
	var told [2][]app.Change
	for i, s := range []app.Store{s, ref} {
		_, stop, err := s.Watch("notes", func(b app.Batch) { told[i] = append(told[i], b.Changes...) })
		check(t, err)
		defer stop()
	}
	for range steps {
		if l.IntN(3) == 0 {
			l.read()
		} else {
			l.write()
		}
	}
	l.compareTold(told[0], told[1])
	VerifyIndexes(t, s, Tables())
}

// compareTold fails unless two stores have told the same changes.
func (l *life) compareTold(a, b []app.Change) {
	l.t.Helper()
	if len(a) != len(b) {
		l.t.Fatalf("%d changes were told, by the reference %d", len(a), len(b))
	}
	for i := range a {
		if a[i].ID != b[i].ID || !reflect.DeepEqual(a[i].Old, b[i].Old) || !reflect.DeepEqual(a[i].New, b[i].New) {
			l.t.Fatalf("change %d is %+v, of the reference %+v", i, a[i], b[i])
		}
	}
}

func (l *life) write() {
	id := fmt.Sprint(l.IntN(12))
	w := [2]app.Write{{Table: "notes", ID: id, Row: l.row()}, {Table: "notes", ID: id}}
	if l.IntN(4) == 0 {
		w[0].Row = nil
	}
	w[1].Row = w[0].Row
	known := l.revs[id]
	w[0].IfRev, w[1].IfRev = app.AnyRev, app.AnyRev
	switch l.IntN(5) {
	case 0:
		w[0].IfRev, w[1].IfRev = app.Absent, app.Absent
	case 1:
		w[0].IfRev, w[1].IfRev = known[0], known[1]
	case 2:
		w[0].IfRev, w[1].IfRev = known[0]+1, known[1]+1
	}
	a, errA := l.subject.Write(l.t.Context(), w[0])
	b, errB := l.ref.Write(l.t.Context(), w[1])
	if errors.Is(errA, app.ErrConflict) != errors.Is(errB, app.ErrConflict) || (errA == nil) != (errB == nil) {
		l.t.Fatalf("write %+v = %v, the reference %v", w[0], errA, errB)
	}
	if errA != nil {
		return
	}
	nothing := b.Rev == 0 // a delete of what was not there
	if !reflect.DeepEqual(a.Row, b.Row) || a.ID != b.ID || !nothing && a.Rev <= known[0] {
		l.t.Fatalf("write %+v = %+v, the reference %+v, before %v", w[0], a, b, known)
	}
	if !nothing {
		l.revs[id] = [2]int64{a.Rev, b.Rev}
	}
}

func (l *life) read() {
	r := app.Range{Table: "notes", Descending: l.IntN(2) == 0, Limit: 1 + l.IntN(6)}
	fields := 1
	value := func() any { return fmt.Sprint(l.IntN(12)) }
	if ix := l.IntN(len(Tables()[0].Indexes) + 1); ix > 0 {
		index := Tables()[0].Indexes[ix-1]
		r.Index, fields, value = index.Name, len(index.Fields), l.value
	}
	for range l.IntN(fields + 1) {
		r.Prefix = append(r.Prefix, value())
	}
	if len(r.Prefix) < fields {
		if l.IntN(2) == 0 {
			r.From = &app.Bound{Value: value(), Open: l.IntN(2) == 0}
		}
		if l.IntN(2) == 0 {
			r.To = &app.Bound{Value: value(), Open: l.IntN(2) == 0}
		}
	}
	if l.IntN(3) == 0 {
		r.Fields = []string{"owner", "users", "value"}[:1+l.IntN(3)]
	}
	a, _ := read(l.t, l.subject, r)
	b, _ := read(l.t, l.ref, r)
	if len(a) != len(b) {
		l.t.Fatalf("range %+v: %d records, the reference %d\n%v\n%v", r, len(a), len(b), a, b)
	}
	for i := range a {
		if a[i].ID != b[i].ID || !reflect.DeepEqual(a[i].Row, b[i].Row) {
			l.t.Fatalf("range %+v: record %d is %v, of the reference %v", r, i, a[i], b[i])
		}
	}
}

// row returns a row that often lacks a field, so that entries come and go.
func (l *life) row() app.Row {
	row := app.Row{}
	for _, name := range []string{"owner", "time", "value"} {
		if l.IntN(5) > 0 {
			row[name] = l.value()
		}
	}
	if l.IntN(3) > 0 {
		row["state"] = app.Row{"name": l.value()}
	}
	users := app.Row{}
	for range l.IntN(4) {
		users[fmt.Sprint(l.IntN(4))] = true
	}
	row["users"] = users
	return row
}

// value returns one of few values, so that they meet, of every type.
func (l *life) value() any {
	if l.IntN(2) == 0 {
		return int64(l.IntN(4))
	}
	if l.IntN(3) == 0 {
		return fmt.Sprint(l.IntN(4)) // as the keys of users
	}
	return orderedValues[l.IntN(len(orderedValues))]
}
