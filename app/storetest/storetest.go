// Package storetest is the contract of app.Store as a test: every rule S1 to S8
// that can be seen from outside, with the number of the rule in the name of its
// test, for every store alike. A store's own test is a few lines that open it.
//
// Run is for every store, RunDurable for those that keep rows between processes.
// Both compare with memstore, the reference.
package storetest

import (
	"testing"

	"lyceum/app"
)

// Tables are those that a store under test is opened with.
func Tables() []app.Table {
	return []app.Table{
		{Name: "notes", Indexes: []app.Index{
			{Name: "time", Fields: []string{"time"}},
			{Name: "owner_time", Fields: []string{"owner", "time"}},
			{Name: "user", Fields: []string{"users.*"}},
			{Name: "user_time", Fields: []string{"users.*", "time"}},
			{Name: "value", Fields: []string{"value"}},
			{Name: "state", Fields: []string{"state.name", "owner", "time"}},
		}},
		{Name: "events", AppendOnly: true, Indexes: []app.Index{
			{Name: "seq", Fields: []string{"seq"}},
		}},
	}
}

// rule is one test of the suite.
type rule struct {
	name string
	test func(t *testing.T, s app.Store)
}

// Run checks the store that open returns against every rule. Open is called once
// a rule and returns an empty store of these tables; Run closes it.
func Run(t *testing.T, open func(t *testing.T, tables []app.Table) app.Store) {
	for _, rules := range [][]rule{writeRules, watchRules, rangeRules, closeRules} {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				s := open(t, Tables())
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
				})
				r.test(t, s)
			})
		}
	}
	t.Run("S4/positions_of_two_openings_are_foreign_to_each_other", func(t *testing.T) {
		testForeignLog(t, open)
	})
	for seed := range seeds {
		t.Run("S7/"+seedName(seed)+"_answers_as_the_reference_does", func(t *testing.T) {
			t.Parallel()
			s := open(t, Tables())
			t.Cleanup(func() { check(t, s.Close()) })
			Compare(t, seed, s)
		})
	}
}
