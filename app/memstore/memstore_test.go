package memstore_test

import (
	"sync"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, tables []app.Table) app.Store { return memstore.New(tables) })
}

// A table that is declared twice would lose the rows of one of them.
func TestWrongDeclarationIsFoundAtStart(t *testing.T) {
	index := func(fields ...string) app.Index { return app.Index{Name: "i", Fields: fields} }
	for name, tables := range map[string][]app.Table{
		"table twice":    {{Name: "a"}, {Name: "a"}},
		"index twice":    {{Name: "a", Indexes: []app.Index{index("x"), index("y")}}},
		"no field":       {{Name: "a", Indexes: []app.Index{index()}}},
		"two maps":       {{Name: "a", Indexes: []app.Index{index("x.*", "y.*")}}},
		"map in between": {{Name: "a", Indexes: []app.Index{index("x.*.y")}}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("New has accepted it")
				}
			}()
			memstore.New(tables)
		})
	}
}

// A cursor that moves fast in two tabs: whoever hears the moves in another order
// shows it at the wrong place until the next move.
func TestS3ChangesAreToldInTheOrderOfTheirNumbers(t *testing.T) {
	s := memstore.New([]app.Table{{Name: "cursors"}})
	last := int64(0)
	_, stop, err := s.Watch("cursors", func(b app.Batch) {
		for _, c := range b.Changes {
			if c.N != last+1 {
				t.Errorf("change %d after %d", c.N, last)
			}
			last = c.N
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5000 {
				w := app.Write{Table: "cursors", ID: "a", Row: app.Row{}, IfRev: app.AnyRev}
				if _, err := s.Write(t.Context(), w); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	wg.Wait()
	stop()
	if last != 40000 {
		t.Errorf("the last change was %d, want 40000", last)
	}
}
