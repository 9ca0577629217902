package query_test

import (
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// The figures of one server must not overwrite those of another that shares its
// database.
func TestLocalTablesAreOfOneServer(t *testing.T) {
	durable, shared := memstore.New(schema.Tables()), memstore.New(schema.Shared())
	one := &query.Stores{Durable: durable, Ephemeral: shared, Local: memstore.New(schema.Local())}
	two := &query.Stores{Durable: durable, Ephemeral: shared, Local: memstore.New(schema.Local())}
	for _, table := range schema.Ephemeral() {
		w := app.Write{Table: table.Name, ID: "x", Row: app.Row{"id": "x", "connection_id": "c", "project_id": "p"}, IfRev: app.Absent}
		if _, err := one.Write(t.Context(), w); err != nil {
			t.Fatalf("%s: %v", table.Name, err)
		}
		declared, _ := schema.Lookup(table.Name)
		if _, err := two.Get(t.Context(), table.Name, "x"); (err == nil) == declared.Local {
			t.Errorf("%s, local: %t, at the other server: %v", table.Name, declared.Local, err)
		}
	}
	if len(schema.Local()) == 0 || len(schema.Shared()) == 0 {
		t.Error("there are none of a kind")
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
}
