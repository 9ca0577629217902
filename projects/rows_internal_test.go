package projects

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	"lyceum/projects/sandbox"
)

// What a row says of programs that run is taken back when they do not; why they
// have ended stays until the next start.
func TestNoticesEndWithWhatTheyAreAbout(t *testing.T) {
	for state, want := range map[string]string{
		running:  "[id network_note out_of_memory restart_reason]",
		stopping: "[id out_of_memory restart_reason]",
		stopped:  "[id out_of_memory restart_reason]",
		starting: "[id]",
	} {
		store := memstore.New(schema.Tables())
		row := app.Row{
			"id": "p1", "network_note": "None.", "stops_at": int64(1), "restart_reason": "It is old.", "out_of_memory": app.Row{"time": int64(1)},
		}
		if _, err := store.Write(t.Context(), app.Write{Table: "projects", ID: "p1", Row: row, IfRev: app.AnyRev}); err != nil {
			t.Fatal(err)
		}
		h := New(Options{Store: store, Sandbox: new(sandbox.Sandbox)})
		if err := h.setState(t.Context(), "p1", state, ""); err != nil {
			t.Fatal(err)
		}
		rec, err := store.Get(t.Context(), "projects", "p1")
		if err != nil {
			t.Fatal(err)
		}
		left := slices.DeleteFunc(slices.Sorted(maps.Keys(rec.Row)), func(name string) bool { return name == "state" || name == "isolation" })
		if got := fmt.Sprint(left); got != want {
			t.Errorf("%s: the row has %s, want %s", state, got, want)
		}
	}
}
