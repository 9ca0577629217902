package projects

import (
	"slices"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
)

// A person with the user id of a project could end its programs, and be taken
// for it: ids of others are not given away, and a project whose id somebody has
// got since is not started.
func TestUserIDsOfOthersAreNotUsed(t *testing.T) {
	h := New(Options{
		Store: memstore.New(slices.Concat(schema.Tables(), schema.Ephemeral())), UIDs: UIDs{First: 5000, Count: 100},
	})
	h.owner = func(uid int64) (span, error) {
		for _, s := range []span{{"ada", 5000, 1}, {"bob", 5002, 10}} {
			if s.first <= uid && uid < s.first+s.count {
				return s, nil
			}
		}
		return span{}, nil
	}
	for _, id := range []string{"p1", "p2"} {
		row := app.Row{"id": id, "title": "T"}
		if _, err := h.o.Store.Write(t.Context(), app.Write{Table: "projects", ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		id   string
		want int
	}{{"p1", 5001}, {"p2", 5012}} {
		if got, err := h.uid(t.Context(), c.id, app.Row{}); err != nil || got != c.want {
			t.Errorf("%s gets %d, %v; want %d", c.id, got, err, c.want)
		}
	}
	_, err := h.uid(t.Context(), "p1", app.Row{"uid": int64(5003)})
	if kind, message := app.Public(err); kind != app.Unavailable || !strings.Contains(message, "5003") || !strings.Contains(message, "bob") {
		t.Errorf("an id that bob has got = %v", err)
	}
	if _, err := h.uid(t.Context(), "p1", app.Row{"uid": int64(5001)}); err != nil {
		t.Errorf("an id that nobody else has = %v", err)
	}
}

// The machine itself is asked: root has 0, and everything of a subuid range is
// its owner's.
func TestTheMachineSaysWhoHasAUserID(t *testing.T) {
	if s, err := ownerOf(0); err != nil || s.name != "root" || s.count != 1 {
		t.Errorf("0 belongs to %v, %v", s, err)
	}
	if s, err := ownerOf(DefaultUIDs.First); err != nil || s != (span{}) {
		t.Errorf("%d belongs to %v, %v", DefaultUIDs.First, s, err)
	}
}
