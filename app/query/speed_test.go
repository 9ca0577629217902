package query_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

// site is an engine on a SQLite file for benchmarks.
type site struct {
	*testing.B
	path   string
	store  app.Store
	engine *query.Engine
}

// newSite opens a new file and lets fill put rows into it before the engine
// starts; the writes of fill share commits.
func newSite(b *testing.B, fill ...func(put func(table, id string, row app.Row))) *site {
	b.Helper()
	s := &site{B: b, path: filepath.Join(b.TempDir(), "lyceum.db")}
	store, err := sqlitestore.Open(b.Context(), s.path, schema.Tables())
	if err != nil {
		b.Fatal(err)
	}
	s.store = store
	var writes sync.WaitGroup
	few := make(chan struct{}, 256)
	for _, f := range fill {
		f(func(table, id string, row app.Row) {
			few <- struct{}{}
			writes.Go(func() {
				if _, err := store.Write(b.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
					b.Error(err)
				}
				<-few
			})
		})
	}
	writes.Wait()
	index, err := access.Open(b.Context(), store)
	if err != nil {
		b.Fatal(err)
	}
	s.engine, err = query.New(query.Options{Durable: store, Ephemeral: memstore.New(schema.Ephemeral()), Access: index})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		s.engine.Close()
		index.Close()
		if err := s.engine.Store().Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func (s *site) ask(who string, q any, options app.Row) query.Answer {
	a, err := s.engine.Run(app.WithCaller(s.Context(), app.Caller{AccountID: who}), q, options, "")
	if err != nil {
		s.Error(err)
	}
	return a
}

// projectRow is a project as it is after some use.
func projectRow(id string, edited int64, people ...string) app.Row {
	users := app.Row{}
	for _, name := range people {
		users[name] = app.Row{"role": "owner", "since": int64(1764184000000)}
	}
	return app.Row{
		"id": id, "title": "Notes on " + id, "description": "What we did in the summer of 2026, with figures.", "users": users,
		"created": int64(1764184000000), "last_edited": 1764184000000 + edited, "uid": int64(1900000001),
		"state":          app.Row{"state": "stopped", "since": int64(1764184000000)},
		"action_request": app.Row{"action": "stop", "request": "r1234567890", "account_id": people[0], "time": int64(1764184000000), "started": int64(1764184000001), "finished": int64(1764184000002)},
		"request_ids":    []any{"r1234567890", "r1234567891", "r1234567892"},
	}
}

func manyProjects(n, ofAda int) func(put func(string, string, app.Row)) {
	return func(put func(string, string, app.Row)) {
		put("accounts", "ada", app.Row{"id": "ada", "name": "Ada", "created": int64(1)})
		order := rand.New(rand.NewPCG(1, 1)).Perm(n)
		for i, edited := range order {
			owner := fmt.Sprint("account", i%997)
			if i < ofAda {
				owner = "ada"
			}
			put("projects", fmt.Sprintf("p%06d", i), projectRow(fmt.Sprintf("p%06d", i), int64(edited), owner, "somebody"))
		}
	}
}

// percentile is the least of some durations that p per cent do not exceed.
func percentile(d []time.Duration, p int) time.Duration {
	slices.Sort(d)
	return d[max((len(d)*p+99)/100, 1)-1]
}

// BenchmarkListOfManyProjects is what the page of projects asks for, by somebody
// who has ten thousand of a hundred thousand: the thousand edited last, the first
// ten by title, and (without an index for its order) the last ten made.
func BenchmarkListOfManyProjects(b *testing.B) {
	s := newSite(b, manyProjects(100_000, 10_000))
	shape := app.Row{"id": nil, "title": nil, "description": nil, "users": nil, "state": nil, "last_edited": nil, "created": nil}
	for _, test := range []struct {
		order string
		limit int64
	}{{"-last_edited", 1000}, {"-last_edited", 100}, {"title", 10}, {"-created", 10}} {
		b.Run(fmt.Sprintf("%s limit %d", test.order, test.limit), func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				a := s.ask("ada", list("projects", shape), app.Row{"order_by": test.order, "limit": test.limit})
				took = append(took, time.Since(begin))
				if len(a.Rows) != int(test.limit) {
					b.Fatalf("%d rows", len(a.Rows))
				}
			}
			b.ReportMetric(float64(percentile(took, 99).Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkEditOfALecture is the cost of the indexes of an account: a project of
// many people whose last_edited moves, beside one of two.
func BenchmarkEditOfALecture(b *testing.B) {
	for _, people := range []int{2, 200, 2000} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			s := newSite(b, manyProjects(10_000, 10))
			names := []string{"ada"}
			for i := range people - 1 {
				names = append(names, fmt.Sprint("account", i))
			}
			n := int64(0)
			for b.Loop() {
				n++
				if _, err := s.store.Write(b.Context(), app.Write{Table: "projects", ID: "lecture", Row: projectRow("lecture", n, names...), IfRev: app.AnyRev}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// bareFile is go-sqlite3 alone with the same rows of projects and the same
// durability: no language, permission, index, watcher or group commit.
func bareFile(b *testing.B, rows int) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite3", (&url.URL{
		Scheme: "file", Path: filepath.Join(b.TempDir(), "bare.db"),
		RawQuery: "_busy_timeout=10000&_journal_mode=WAL&_synchronous=FULL&_txlock=immediate",
	}).String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Exec("CREATE TABLE projects (id TEXT NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, row BLOB NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for i := range rows {
		if _, err := tx.Exec("INSERT INTO projects VALUES (?, ?, ?)", fmt.Sprintf("p%06d", i), i, make([]byte, 600)); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return db
}

// rates does two things by some clients in turns, since what else the machine does
// changes, and returns how often a second each was done.
func rates(b *testing.B, clients int, do ...func(i int)) []float64 {
	b.Helper()
	const turns, span = 10, 70 * time.Millisecond
	all := make([]float64, len(do))
	for range turns {
		for k, do := range do {
			var n atomic.Int64
			var wg sync.WaitGroup
			begin := time.Now()
			for c := range clients {
				wg.Go(func() {
					for i := c; time.Since(begin) < span; i += clients {
						do(i)
						n.Add(1)
					}
				})
			}
			wg.Wait()
			all[k] += float64(n.Load()) / time.Since(begin).Seconds() / turns
		}
	}
	return all
}

// duelRows is how many rows of each table the two sides have.
const duelRows = 5000

// duel is our engine and a bare file with the same rows.
type duel struct {
	*site
	read, write *sql.Stmt
}

func newDuel(b *testing.B) *duel {
	b.Helper()
	d := &duel{site: newSite(b, manyProjects(duelRows, duelRows), func(put func(string, string, app.Row)) {
		for i := range duelRows {
			id := fmt.Sprintf("t%06d", i)
			put("terminals", id, app.Row{"id": id, "project_id": d6(i), "title": "Terminal", "account_id": "ada", "created": int64(1)})
		}
	})}
	db := bareFile(b, duelRows)
	db.SetMaxOpenConns(64)
	db.SetMaxIdleConns(64)
	var err error
	if d.read, err = db.Prepare("SELECT rev, row FROM projects WHERE id = ?"); err != nil {
		b.Fatal(err)
	}
	if d.write, err = db.Prepare("UPDATE projects SET rev = rev + 1, row = ? WHERE id = ?"); err != nil {
		b.Fatal(err)
	}
	return d
}

func d6(i int) string { return fmt.Sprintf("p%06d", i%duelRows) }

func (d *duel) bareRead(i int) {
	var rev int64
	var row []byte
	if err := d.read.QueryRow(d6(i)).Scan(&rev, &row); err != nil {
		d.Error(err)
	}
}

func (d *duel) ourRead(i int) {
	q := one("projects", app.Row{"id": d6(i), "title": nil, "users": nil, "state": nil, "last_edited": nil})
	if a := d.ask("ada", q, nil); a.Row["id"] != d6(i) {
		d.Error(a)
	}
}

func (d *duel) bareWrite(i int) {
	if _, err := d.write.Exec(make([]byte, 600), d6(i)); err != nil {
		d.Error(err)
	}
}

// ourWrite changes no index.
func (d *duel) ourWrite(i int) {
	d.ask("ada", one("terminals", app.Row{"id": fmt.Sprintf("t%06d", i%duelRows), "title": fmt.Sprint("Title ", i)}), nil)
}

// ourIndexed is the title of a project of two people: four entries of indexes go
// and four come.
func (d *duel) ourIndexed(i int) {
	d.ask("ada", one("projects", app.Row{"id": d6(i), "title": fmt.Sprint("Title ", i)}), nil)
}

// BenchmarkAgainstBare reads and writes single rows through the language, with
// permissions, and by bare go-sqlite3, in turns. The ratios are rates by rates;
// writes of 64 clients by bare writes of one, which is what a program without
// group commit would have.
func BenchmarkAgainstBare(b *testing.B) {
	d := newDuel(b)
	for _, test := range []struct {
		name       string
		clients    int
		ours, bare func(int)
	}{{"read", 1, d.ourRead, d.bareRead}, {"read", 64, d.ourRead, d.bareRead}, {"write", 1, d.ourWrite, d.bareWrite}} {
		b.Run(fmt.Sprintf("%s/clients=%d", test.name, test.clients), func(b *testing.B) {
			for b.Loop() {
				r := rates(b, test.clients, test.ours, test.bare)
				b.ReportMetric(r[0], "ours/s")
				b.ReportMetric(r[1], "bare/s")
				b.ReportMetric(r[0]/r[1], "times-bare")
			}
		})
	}
	for _, test := range []struct {
		name string
		ours func(int)
	}{{"write/clients=64", d.ourWrite}, {"write of index entries/clients=64", d.ourIndexed}} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				many, alone := 0.0, 0.0
				for range 5 {
					many += rates(b, 64, test.ours)[0]
					alone += rates(b, 1, d.bareWrite)[0]
				}
				b.ReportMetric(many/5, "ours/s")
				b.ReportMetric(many/alone, "times-bare-one-by-one")
			}
		})
	}
}
