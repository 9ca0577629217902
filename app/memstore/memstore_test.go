package memstore_test

import (
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
