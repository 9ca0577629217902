package sqlitestore_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"lyceum/app"
	"lyceum/app/sqlitestore"
)

// bare is go-sqlite3 alone with the same durability: what an append of a row
// costs without conditions, indexes, watchers and group commit.
func bare(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(b.TempDir(), "bare.db")+
		"?_busy_timeout=10000&_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE notes (id TEXT NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, row BLOB NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	return db
}

func benchStore(b *testing.B) app.Store {
	b.Helper()
	s, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "app.db"), tables)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// share lets clients do b.N things between them.
func share(b *testing.B, clients int, do func(i int) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range clients {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := do(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// benchText is as long as an update of a document with its row around it.
var benchText = make([]byte, 200)

func BenchmarkWrite(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("bare/clients=%d", clients), func(b *testing.B) {
			db := bare(b)
			stmt, err := db.Prepare("INSERT INTO notes (id, rev, row) VALUES (?, ?, ?)")
			if err != nil {
				b.Fatal(err)
			}
			share(b, clients, func(i int) error {
				_, err := stmt.Exec(fmt.Sprintf("%012d", i), i, benchText)
				return err
			})
		})
		b.Run(fmt.Sprintf("store/clients=%d", clients), func(b *testing.B) {
			s := benchStore(b)
			share(b, clients, func(i int) error {
				_, err := s.Write(b.Context(), app.Write{
					Table: "notes", ID: fmt.Sprintf("%012d", i), Row: app.Row{"time": int64(i), "text": benchText},
				})
				return err
			})
		})
	}
}

func BenchmarkGet(b *testing.B) {
	const rows = 1000
	b.Run("bare", func(b *testing.B) {
		db := bare(b)
		for i := range rows {
			if _, err := db.Exec("INSERT INTO notes VALUES (?, ?, ?)", fmt.Sprint(i), i, benchText); err != nil {
				b.Fatal(err)
			}
		}
		stmt, err := db.Prepare("SELECT rev, row FROM notes WHERE id = ?")
		if err != nil {
			b.Fatal(err)
		}
		i := 0
		for b.Loop() {
			i++
			var rev int64
			var row []byte
			if err := stmt.QueryRow(fmt.Sprint(i%rows)).Scan(&rev, &row); err != nil {
				b.Fatal(err)
			}
		}
	})
	s := benchStore(b)
	for i := range rows {
		w := app.Write{Table: "notes", ID: fmt.Sprint(i), Row: app.Row{"time": int64(i), "text": benchText}}
		if _, err := s.Write(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("store", func(b *testing.B) {
		i := 0
		for b.Loop() {
			i++
			if _, err := s.Get(b.Context(), "notes", fmt.Sprint(i%rows)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("page of 100 by index", func(b *testing.B) {
		r := app.Range{Table: "notes", Index: "time", From: &app.Bound{Value: int64(300)}, Limit: 100}
		for b.Loop() {
			if page, err := s.Read(b.Context(), r); err != nil || len(page.Records) != 100 {
				b.Fatal(page, err)
			}
		}
	})
}
