package storetest

import (
	"slices"
	"testing"

	"lyceum/app"
	"lyceum/app/ordered"
)

// VerifyIndexes fails unless every index contains exactly what the rows say, in
// order, both ways.
func VerifyIndexes(t *testing.T, s app.Store, tables []app.Table) {
	t.Helper()
	for _, table := range tables {
		rows, _ := read(t, s, app.Range{Table: table.Name})
		for _, declared := range table.Indexes {
			ix, err := ordered.Compile(declared)
			check(t, err)
			var places []ordered.Place
			for _, rec := range rows {
				for _, key := range ix.Keys(rec.Row) {
					places = append(places, ordered.Place{Key: key, ID: rec.ID})
				}
			}
			slices.SortFunc(places, ordered.Place.Compare)
			want := []string{}
			for _, p := range places {
				want = append(want, p.ID)
			}
			r := app.Range{Table: table.Name, Index: declared.Name}
			same(t, "index "+table.Name+"."+declared.Name, ids(t, s, r), want)
			r.Descending = true
			slices.Reverse(want)
			same(t, "index "+table.Name+"."+declared.Name+" downwards", ids(t, s, r), want)
		}
	}
}
