package sqlitestore

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"lyceum/app/packed"
)

const (
	// checkUpTo is the size in bytes up to which every page is checked when the
	// file is opened. Reading it takes about a second; of larger files that is
	// done beside the work.
	checkUpTo = 256 << 20
	// checkSlice is how long one read transaction of the check beside the work
	// takes, and checkPause how long it then rests: a tenth of one processor, some
	// minutes for five million rows. The log can be emptied between two, and a write
	// that comes meanwhile waits no longer than for another's fsync.
	checkSlice = 4 * time.Millisecond
	checkPause = 36 * time.Millisecond
	// startPauses is how many pauses go by before: a start, which takes a second
	// or two of a large site, needs the processors.
	startPauses = 50
)

// markSuffix names the file beside the database that says that damage was found:
// the next start then looks at all of it before it serves anybody.
const markSuffix = ".damaged"

// checkFile looks for damage, which is better found here than by a reader later.
// A file that is large and not suspected has its schema and its free pages
// checked; the rest follows beside the work (s.unchecked).
func (s *Store) checkFile(ctx context.Context) error {
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	_, err = os.Stat(s.path + markSuffix)
	s.suspected = err == nil
	what := "quick_check(1)"
	if s.unchecked = info.Size() > s.checkUpTo && !s.suspected; s.unchecked {
		what = "quick_check(sqlite_schema)"
	}
	var found string
	if err := scan(ctx, s.conn, &found, "PRAGMA "+what); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	return nil
}

// acquit looks at all of a file that damage was found in, and forgets that it was
// if there is none: it has been repaired or replaced.
func (s *Store) acquit(ctx context.Context) error {
	s.log.Info("looking for damage that was found before", "part", "store", "path", s.path)
	if err := s.checkRest(ctx, 0); err != nil {
		return err
	}
	return os.Remove(s.path + markSuffix)
}

// condemn ends the process, by way of the hook, since a page of the file is not
// as it was written. Until then nothing is written any more.
func (s *Store) condemn(err error) {
	err = explain(s.path, err)
	if !s.broken.CompareAndSwap(nil, &err) {
		return
	}
	if failed := os.WriteFile(s.path+markSuffix, []byte(err.Error()+"\n"), 0o600); failed != nil {
		s.log.Warn("damage not noted for the next start", "part", "store", "err", failed)
	}
	s.fatal(err)
}

// walk is one way through the file: a query whose rows are in the order of the
// first columns, beginning after some values of these.
type walk struct {
	name    string
	query   string
	columns int
	after   []driver.Value
	// check looks at one row and says where it stands.
	check func(row []driver.Value) (at []driver.Value, err error)
}

// checkBeside checks the file while others work, until ctx ends.
func (s *Store) checkBeside(ctx context.Context) {
	begun := time.Now()
	switch err := s.checkRest(ctx, s.checkPause); {
	case err == nil:
		s.log.Info("no damage found", "part", "store", "path", s.path, "duration", time.Since(begun).Round(time.Second))
	case ctx.Err() != nil, errors.Is(err, errClosed):
	case damaged(err):
		s.condemn(err)
	default:
		s.log.Warn("the file could not be checked", "part", "store", "err", err)
	}
}

// checkRest reads everything once: every row by its place and by its id, every
// entry of every index, each with what it leads to. It finds what SQLite's own
// check would, in pieces that nobody notices.
func (s *Store) checkRest(ctx context.Context, pause time.Duration) (err error) {
	var queries []string
	for _, w := range s.toCheck {
		queries = append(queries, w.query)
	}
	own := newReaders(connector{s.path, readerPragmas}, queries)
	r, err := own.acquire(ctx)
	if err != nil {
		return err
	}
	defer func() {
		own.release(r)
		err = errors.Join(err, own.close())
	}()
	rest := time.NewTimer(startPauses * pause)
	defer rest.Stop()
	for number, w := range s.toCheck {
		for more := true; more; {
			select {
			case <-rest.C:
			case <-ctx.Done():
				return ctx.Err()
			}
			if more, err = w.slice(ctx, r, number); err != nil {
				return fmt.Errorf("check %s: %w", w.name, err)
			}
			rest.Reset(pause)
		}
	}
	return nil
}

// slice walks on for a while, in one read transaction, and reports whether there
// is more.
func (w *walk) slice(ctx context.Context, r *connection, number int) (more bool, err error) {
	begun := time.Now()
	err = r.query(ctx, number, w.columns, func(row []driver.Value) (bool, error) {
		at, err := w.check(row)
		if err == nil {
			w.after = at
		}
		more = time.Since(begun) > checkSlice
		return !more, err
	}, w.after...)
	return more, err
}

// walks are the ways through all tables of the file, declared or not.
func (s *Store) walks(ctx context.Context) ([]*walk, error) {
	rows, err := s.conn.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\_%' ESCAPE '\' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var walks []*walk
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if table, _, isIndex := strings.Cut(name, "."); isIndex {
			walks = append(walks, walkEntries(name, table))
		} else {
			walks = append(walks, walkRows(name), walkIDs(name))
		}
	}
	return walks, errors.Join(rows.Err(), rows.Close())
}

// walkRows reads the rows as they lie in the file, each whole, and looks whether
// its id leads to it.
func walkRows(table string) *walk {
	var kept packed.Texts
	return &walk{
		name: table, columns: 3, after: []driver.Value{int64(-1 << 63)},
		query: fmt.Sprintf(`SELECT rowid, row, (SELECT u.rowid FROM "%[1]s" AS u WHERE u.id = t.id) = rowid FROM "%[1]s" AS t WHERE rowid > ? ORDER BY rowid`, table),
		check: func(row []driver.Value) ([]driver.Value, error) {
			raw, _ := row[1].([]byte)
			if found, _ := row[2].(int64); found != 1 {
				return nil, fmt.Errorf("%w: the id of row %v leads to another", errDamaged, row[0])
			}
			_, err := decode(raw, &kept, nil)
			return []driver.Value{row[0]}, err
		},
	}
}

// walkIDs reads the ids in their order, and a column of the row of each.
func walkIDs(table string) *walk {
	last := ""
	return &walk{
		name: table + " by id", columns: 2, after: []driver.Value{""},
		query: fmt.Sprintf(`SELECT id, rev FROM "%[1]s" INDEXED BY "sqlite_autoindex_%[1]s_1" WHERE id > ? ORDER BY id`, table),
		check: func(row []driver.Value) ([]driver.Value, error) {
			id, _ := row[0].(string)
			if id <= last {
				return nil, fmt.Errorf("%w: %q comes after %q", errDamaged, id, last)
			}
			last = id
			return []driver.Value{id}, nil
		},
	}
}

// walkEntries reads the entries of an index in their order, and looks whether the
// row of each is there.
func walkEntries(index, table string) *walk {
	var lastKey []byte
	lastID := ""
	return &walk{
		name: index, columns: 3, after: []driver.Value{[]byte{}, ""},
		query: fmt.Sprintf(`SELECT key, id, EXISTS (SELECT 1 FROM "%s" AS t WHERE t.id = i.id) FROM "%s" AS i WHERE (key, id) > (?, ?) ORDER BY key, id`, table, index),
		check: func(row []driver.Value) ([]driver.Value, error) {
			key, _ := row[0].([]byte)
			id, _ := row[1].(string)
			if found, _ := row[2].(int64); found != 1 {
				return nil, fmt.Errorf("%w: an entry leads to the row %q, which is not there", errDamaged, id)
			}
			if c := bytes.Compare(key, lastKey); c < 0 || c == 0 && id <= lastID {
				return nil, fmt.Errorf("%w: the entry of %q is not in its place", errDamaged, id)
			}
			lastKey, lastID = key, id
			return []driver.Value{notNil(key), id}, nil
		},
	}
}
