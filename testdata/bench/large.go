package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
	"lyceum/app/wire"
)

const (
	smallSite = 50_000
	largeSite = 5_000_000
	asked     = 1000 // gets, lists and writes that are measured
)

// figures are what is measured of one site, in the order of the rows.
type figures []row

func (f *figures) add(what string, v value) { *f = append(*f, row{what: what, ours: v}) }

// large compares a site of five million rows with one of fifty thousand. The page
// cache of the kernel is warm: the file has just been written.
func (l *lab) large(ctx context.Context, progress io.Writer) error {
	var sites []figures
	for _, rows := range []int{smallSite, largeSite} {
		fmt.Fprintln(progress, "site of", rows, "rows")
		f, err := l.site(ctx, rows)
		if err != nil {
			return fmt.Errorf("site of %d rows: %w", rows, err)
		}
		sites = append(sites, f)
	}
	for i, small := range sites[0] {
		l.table.against(small.what, sites[1][i].ours, small.ours, fmt.Sprint(smallSite, " rows"))
	}
	return nil
}

// site fills a data directory, opens it in this process and then by the
// executable.
func (l *lab) site(ctx context.Context, rows int) (f figures, err error) {
	data := filepath.Join(l.folder, fmt.Sprint("site", rows))
	path := filepath.Join(data, "lyceum.db")
	begun := time.Now()
	if err := fill(ctx, path, rows); err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	f.add("size of the database", mebibytes(info.Size()))
	f.add("(making it)", seconds(time.Since(begun)))
	if err := f.open(ctx, path); err != nil {
		return nil, err
	}
	if err := f.start(ctx, l, data); err != nil {
		return nil, err
	}
	err = f.use(ctx, l)
	err = errors.Join(err, l.server.remove())
	l.server = nil
	return f, errors.Join(err, os.RemoveAll(data))
}

// open measures what a start is made of.
func (f *figures) open(ctx context.Context, path string) (err error) {
	var opens, roles samples
	for range startRuns {
		begin := time.Now()
		store, err := sqlitestore.Open(ctx, path, schema.Tables())
		if err != nil {
			return err
		}
		opens = append(opens, time.Since(begin))
		begin = time.Now()
		index, err := access.Open(ctx, store)
		if err != nil {
			return errors.Join(err, store.Close())
		}
		roles = append(roles, time.Since(begin))
		index.Close()
		if err := store.Close(); err != nil {
			return err
		}
	}
	f.add("opening the file", milliseconds(opens.percentile(50)))
	f.add("reading roles and sign-ins", milliseconds(roles.percentile(50)))
	return nil
}

// start starts the server again and again, and leaves the last one running. Pages
// come before the roles have been read, an answer to somebody who is signed in
// after that.
func (f *figures) start(ctx context.Context, l *lab, data string) (err error) {
	if l.server, err = serve(ctx, l.executable, data); err != nil {
		return err
	}
	ada, err := l.signIn(ctx)
	if err != nil {
		return err
	}
	var pages, answers samples
	for range startRuns {
		if err := l.server.stop(); err != nil {
			return err
		}
		begin := time.Now()
		if l.server, err = serve(ctx, l.executable, data); err != nil {
			return err
		}
		pages = append(pages, time.Since(begin))
		ada.server = l.server
		ask, err := ada.open(ctx)
		if err != nil {
			return err
		}
		_, err = ask.ask(app.Row{"projects": app.Row{"id": projectID(0), "title": nil}}, nil, "")
		if err != nil {
			return err
		}
		answers = append(answers, time.Since(begin))
		ask.close()
	}
	f.add(fmt.Sprintf("`serve` to first answer (median of %d)", startRuns), milliseconds(pages.percentile(50)))
	f.add("`serve` to first answer to who is signed in", milliseconds(answers.percentile(50)))
	return nil
}

// use measures a running server from two tabs of ada.
func (f *figures) use(ctx context.Context, l *lab) error {
	ada, err := l.signIn(ctx)
	if err != nil {
		return err
	}
	ask, err := ada.open(ctx)
	if err != nil {
		return err
	}
	watch, err := ada.open(ctx)
	if err != nil {
		return err
	}
	defer ask.close()
	defer watch.close()
	for _, part := range []struct {
		what    string
		query   func(i int) app.Row
		options app.Row
	}{
		{"get of one project", func(i int) app.Row {
			return app.Row{"projects": app.Row{"id": projectID(i * 7 % adasProjects), "title": nil, "users": nil}}
		}, nil},
		{"get of one file's document", func(i int) app.Row {
			d := i * 7 % (adasProjects * documentsAProject)
			return app.Row{"document_paths": app.Row{"project_id": projectID(d / documentsAProject), "path": fmt.Sprintf("chapter%d.tex", d), "document_id": nil}}
		}, nil},
		{"list of the newest 10 patches of a document", func(i int) app.Row {
			return app.Row{"patches": []any{app.Row{"document_id": documentID(i * 7 % (adasProjects * documentsAProject)), "seq": nil, "update": nil}}}
		}, app.Row{"limit": int64(10), "order_by": "-seq"}},
		{"list of 20 projects, edited last", func(int) app.Row {
			return app.Row{"projects": []any{app.Row{"id": nil, "title": nil, "last_edited": nil}}}
		}, app.Row{"limit": int64(20), "order_by": "-last_edited"}},
	} {
		var took samples
		for i := range asked {
			begin := time.Now()
			a, err := ask.ask(part.query(i), part.options, "")
			if err != nil {
				return fmt.Errorf("%s: %w", part.what, err)
			}
			if took = append(took, time.Since(begin)); len(a.Rows) == 0 && a.Row == nil {
				return fmt.Errorf("%s %d: nothing is found", part.what, i)
			}
		}
		f.add(part.what+", median", milliseconds(took.percentile(50)))
		f.add(part.what+", p99", milliseconds(took.percentile(99)))
	}
	if err := f.live(ask, watch); err != nil {
		return err
	}
	before := len(l.table)
	err = l.resident("server", l.server.cmd.Process.Pid)
	f.add("memory of the server, PSS", l.table[before].ours)
	l.table = l.table[:before]
	return err
}

// live measures from a write to its change at a live query of another tab.
func (f *figures) live(ask, watch *tab) error {
	begin := time.Now()
	q := app.Row{"projects": []any{app.Row{"id": nil, "title": nil}}}
	if _, err := watch.ask(q, app.Row{"changes": true}, ""); err != nil {
		return err
	}
	f.add(fmt.Sprintf("opening a live query of %d projects", adasProjects), milliseconds(time.Since(begin)))
	var took samples
	for i := range asked {
		begin := time.Now()
		if _, err := ask.set("projects", app.Row{"id": projectID(i % adasProjects), "title": fmt.Sprint("Title ", i)}); err != nil {
			return err
		}
		for changed := false; !changed; {
			m, err := watch.next()
			if err != nil {
				return err
			}
			_, changed = m.(wire.Changes)
		}
		took = append(took, time.Since(begin))
	}
	f.add("write to its delivery at a live query, median", milliseconds(took.percentile(50)))
	f.add("write to its delivery at a live query, p99", milliseconds(took.percentile(99)))
	return nil
}

// signIn signs ada in by a link that an operator has printed.
func (l *lab) signIn(ctx context.Context) (*person, error) {
	out, err := exec.CommandContext(ctx, l.executable, "admin", "link", "ada@example.org", "--data", l.server.data).Output()
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	_, token, _ := strings.Cut(strings.TrimSpace(string(out)), "#token=")
	p := &person{server: l.server, email: "ada@example.org"}
	response, err := p.request(ctx, http.MethodPost, "auth/link", strings.NewReader(`{"token":"`+token+`"}`))
	if err != nil {
		return nil, err
	}
	p.cookie, _, _ = strings.Cut(response.Header.Get("Set-Cookie"), ";")
	return p, nil
}
