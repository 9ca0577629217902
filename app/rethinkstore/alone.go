package rethinkstore

import (
	"context"
	"strings"

	"lyceum/app"
)

// Alone implements migrate.Shared: it fails with a sentence for an operator that
// names the servers of older programs, by Options.Rows, that use the database. One
// that was killed is waited for, up to goneAfter. A server of an older program that
// starts later is not seen; it finds what the caller has noted in the database
// before it has called this.
//
// Not promised: a server of an older program that was cut off from the database for
// longer than goneAfter is not seen, and may write when it is back, or one that is
// older than this note and starts meanwhile.
func (s *Store) Alone(ctx context.Context) error {
	older := func(row server) bool { return row.Rows < s.options.Rows }
	return whileAway(s.peers.alone(ctx, older))
}

// alone fails with a sentence if other servers are there that do not know what is
// about to be changed. A row that a server has left when it was killed is waited
// for.
func (p *peers) alone(ctx context.Context, ignorant func(server) bool) error {
	first := make(map[string]int64)
	for {
		there, _, err := p.others(ctx)
		if err != nil {
			return err
		}
		var living []string
		silent := false
		for _, row := range there {
			beat, seen := first[row.ID]
			switch {
			case !ignorant(row):
			case seen && beat != row.Beat:
				living = append(living, row.Name)
			default:
				first[row.ID] = row.Beat
				silent = true
			}
		}
		if len(living) > 0 {
			return app.Errorf(app.Unavailable, "The database has to be changed for this version of Lyceum, and servers of another version use it (%s). "+
				"Stop them all, start one of this version, and then the others.", strings.Join(living, ", "))
		}
		if !silent {
			return nil
		}
		pause := pauseMost
		if !wait(ctx, &pause) {
			return ctx.Err()
		}
	}
}
