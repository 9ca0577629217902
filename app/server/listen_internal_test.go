package server

import (
	"fmt"
	"strings"
	"testing"

	"lyceum/app/config"
	"lyceum/app/place"
)

// Whoever opens a project at the wrong server is sent to an address; one that is
// only that of a machine's own network leads nowhere. It is said where that can
// happen, and where it cannot there is nothing to do.
func TestAMissingAddressIsSaidWhereOthersNeedIt(t *testing.T) {
	self, other := place.Server{ID: "a", Name: "hall 1"}, place.Server{ID: "b", Name: "hall 2"}
	var many []place.Server
	for i := range 9 {
		many = append(many, place.Server{ID: fmt.Sprint("s", i), Name: fmt.Sprint("room ", i)})
	}
	for _, test := range []struct {
		about string
		cfg   config.Config
		known []place.Server
		want  string // "": nothing is said
	}{
		{"alone", config.Config{}, []place.Server{self}, ""},
		{"the first start", config.Config{}, nil, ""},
		{"with others", config.Config{}, []place.Server{self, other}, "shared with other servers (hall 2): say with --server-address"},
		{"with many", config.Config{}, many, "room 0, room 1, room 2, room 3, room 4 and 4 more"},
		{"named, alone", config.Config{ServerName: "hall 1"}, []place.Server{self}, "called hall 1 among others on the database: say with --server-address"},
		{"said", config.Config{ServerName: "hall 1", ServerAddress: "https://hall1/"}, []place.Server{self, other}, ""},
	} {
		got := addressMissing(&test.cfg, "a", test.known)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q", test.about, got)
		}
	}
}
