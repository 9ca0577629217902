package copydb_test

import (
	"testing"
	"time"

	"lyceum/app/copydb"
)

var testTime = time.UnixMilli(1_700_000_000_000)

// An operator decides by this line whether to wait or to come back tomorrow.
func TestProgressSaysRateAndTimeLeft(t *testing.T) {
	tests := []struct {
		p    copydb.Progress
		want string
	}{
		{copydb.Progress{Doing: copydb.Counting, Table: "patches", Done: 12}, "counting patches: 12 rows"},
		{copydb.Progress{Doing: copydb.Copying, Table: "patches", Done: 250, Total: 1000, Rate: 10}, "copying patches: 250 of 1000 rows (25 %), 10 a second, 1m15s left"},
		{copydb.Progress{Doing: copydb.Copying, Table: "patches", Done: 999, Total: 1000, Rate: 1e9}, "copying patches: 999 of 1000 rows (99 %), 1000000000 a second, 1s left"},
		{copydb.Progress{Doing: copydb.Comparing, Done: 1000, Total: 1000, Rate: 2000}, "comparing: 1000 of 1000 rows (100 %), 2000 a second"},
		{copydb.Progress{Doing: copydb.Comparing}, "comparing: 0 rows"},
	}
	for _, tt := range tests {
		if got := tt.p.String(); got != tt.want {
			t.Errorf("%+v is told as %q, want %q", tt.p, got, tt.want)
		}
	}
}
