package sqlitestore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"time"

	"github.com/mattn/go-sqlite3"
)

// pragma is set on every connection and read back: SQLite ignores what it does
// not know or cannot do in silence (S8).
type pragma struct{ name, value, want string }

// busyTimeout is how long SQLite waits for a lock: of an operator's shell, or of
// a checkpoint. The process itself is alone and has one writer.
const busyTimeout = 10 * time.Second

// What both sides need. busy_timeout (ms) comes first so that it covers the
// rest; cell_size_check finds a damaged page before it is believed.
var (
	busyMillis    = fmt.Sprint(busyTimeout.Milliseconds())
	writerPragmas = []pragma{
		{"busy_timeout", busyMillis, busyMillis},
		{"journal_mode", "WAL", "wal"},
		// FULL: losing an acknowledged write is worse than the millisecond or
		// two of an fsync.
		{"synchronous", "FULL", "2"},
		{"foreign_keys", "ON", "1"},
		{"cell_size_check", "ON", "1"},
		{"trusted_schema", "OFF", "0"},
		// Checkpoints by SQLite hide their errors; ours do not (checkpoint.go).
		{"wal_autocheckpoint", "0", "0"},
		{"journal_size_limit", "67108864", "67108864"}, // 64 MiB: a WAL that was larger once is cut
		{"cache_size", "-32000", "-32000"},             // KiB; the working set of a server of a hundred people
	}
	readerPragmas = []pragma{
		{"busy_timeout", busyMillis, busyMillis},
		{"journal_mode", "", "wal"}, // a property of the file
		{"query_only", "ON", "1"},
		{"foreign_keys", "ON", "1"},
		{"cell_size_check", "ON", "1"},
		{"trusted_schema", "OFF", "0"},
		{"cache_size", "-8000", "-8000"}, // filled only as far as it is used; eight of them are 64 MB at most
	}
)

// connector opens connections to one file with the same pragmas.
type connector struct {
	path    string
	pragmas []pragma
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	// As an URL, since SQLite and the driver would take a "?" in the path for
	// the beginning of parameters.
	file := url.URL{Scheme: "file", Path: c.path}
	conn, err := (&sqlite3.SQLiteDriver{ConnectHook: c.set}).Open(file.String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return conn, nil
}

func (c connector) set(conn *sqlite3.SQLiteConn) error {
	for _, p := range c.pragmas {
		if p.value != "" {
			if _, err := conn.Exec("PRAGMA "+p.name+" = "+p.value, nil); err != nil {
				return fmt.Errorf("set %s: %w", p.name, err)
			}
		}
		got, err := ask(conn, "PRAGMA "+p.name)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.name, err)
		}
		if got != p.want {
			return sentence{text: fmt.Sprintf("The database %s does not keep its promises here: %s is %q and must be %q. "+
				"Put the data directory on a local disk with an ordinary file system.", c.path, p.name, got, p.want)}
		}
	}
	return nil
}

// ask returns the only value that a query answers, as text.
func ask(conn *sqlite3.SQLiteConn, query string) (string, error) {
	rows, err := conn.Query(query, nil)
	if err != nil {
		return "", err
	}
	defer rows.Close() // read to its end or useless
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		return "", err
	}
	return fmt.Sprint(values[0]), nil
}

// transact runs fn in one transaction of conn.
func transact(ctx context.Context, conn *sql.Conn, fn func() error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(); err != nil {
		return rolledBack(context.WithoutCancel(ctx), conn, err)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return rolledBack(context.WithoutCancel(ctx), conn, fmt.Errorf("commit: %w", err))
	}
	return nil
}

// rolledBack ends a transaction that has failed with err, unless SQLite has done
// so already, as it does when the disk is full.
func rolledBack(ctx context.Context, conn *sql.Conn, err error) error {
	if raw := conn.Raw(func(c any) error {
		if c.(*sqlite3.SQLiteConn).AutoCommit() {
			return nil
		}
		_, err := c.(*sqlite3.SQLiteConn).Exec("ROLLBACK", nil)
		return err
	}); raw != nil {
		return rollbackError{err, raw}
	}
	return err
}

// rollbackError says that a transaction could not even be taken back.
type rollbackError struct{ err, rollback error }

func (e rollbackError) Error() string {
	return e.err.Error() + "; rollback: " + e.rollback.Error()
}

func (e rollbackError) Unwrap() error { return e.err }
