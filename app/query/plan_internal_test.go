package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

// planner is an engine over some projects of ada, ed and others.
type planner struct {
	*testing.T
	*rand.Rand
	store  app.Store
	engine *Engine
}

func newPlanner(t *testing.T, seed uint64, store app.Store, projects int) *planner {
	t.Helper()
	p := &planner{T: t, Rand: rand.New(rand.NewPCG(seed, 7)), store: store}
	for _, name := range []string{"ada", "ed", "vera"} {
		p.put("accounts", name, app.Row{"id": name, "name": name, "created": int64(1)})
	}
	for i := range projects {
		p.project(fmt.Sprintf("p%04d", (i*7919)%projects))
	}
	index, err := access.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	p.engine, err = New(Options{Durable: store, Ephemeral: memstore.New(schema.Ephemeral()), Access: index})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.engine.Close()
		index.Close()
		if err := p.engine.Store().Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *planner) put(table, id string, row app.Row) {
	p.Helper()
	if _, err := p.store.Write(p.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		p.Fatal(err)
	}
}

// project writes a project with random people; times and titles are few, so that
// ids decide between them.
func (p *planner) project(id string) {
	users := app.Row{}
	for _, name := range []string{"ada", "ed", "vera", "x", "y"} {
		if role := p.IntN(5); role > 0 {
			users[name] = app.Row{"role": []string{"viewer", "editor", "owner", "nonsense"}[role-1]}
		}
	}
	row := app.Row{
		"id": id, "title": fmt.Sprint("title ", p.IntN(4)), "users": users,
		"created": int64(p.IntN(9)), "last_edited": int64(p.IntN(7)), "state": app.Row{"state": "stopped", "since": int64(p.IntN(3))},
	}
	if p.IntN(2) == 0 {
		row["description"] = fmt.Sprint(p.IntN(3)) // else it reads as its default
	}
	p.put("projects", id, row)
}

// ask returns a random get of projects.
func (p *planner) ask() *ask {
	shape := app.Row{"id": nil, "last_edited": nil, "created": nil}
	filters := []func(){
		func() { shape["title"] = fmt.Sprint("title ", p.IntN(4)) },
		func() { shape["last_edited"] = int64(p.IntN(7)) },
		func() {
			shape["last_edited"] = app.Row{[]string{">", ">=", "<", "<=", "!="}[p.IntN(5)]: int64(p.IntN(7))}
		},
		func() { shape["description"] = "" },
		func() { shape["users"] = app.Row{"ed": app.Row{"role": "owner"}} },
		func() { shape["id"] = app.Row{"in": []any{"p0001", "p0002", "p0003", "no"}} },
	}
	for range p.IntN(3) {
		filters[p.IntN(len(filters))]()
	}
	options := app.Row{}
	if p.IntN(5) > 0 {
		var by []any
		for range 1 + p.IntN(4)/3 {
			name := []string{"last_edited", "title", "created", "id", "description", "state.since"}[p.IntN(6)]
			by = append(by, []string{"", "-"}[p.IntN(2)]+name)
		}
		options["order_by"] = by
	}
	if p.IntN(3) > 0 {
		options["limit"] = []int64{1, 2, 10, 999, 1000}[p.IntN(5)]
	}
	q, err := parse(app.Row{"projects": []any{shape}}, options)
	if err != nil {
		p.Fatal(err)
	}
	return q
}

// both reads a get by its plan, as a get or as a watch does, and the slow way,
// project by project.
func (p *planner) both(q *ask, who string) (fast, slow found) {
	p.Helper()
	s := p.engine.scope(app.Caller{AccountID: who}, q)
	one := s
	if p.IntN(2) == 0 {
		s = p.engine.scopeOfGet(app.Caller{AccountID: who}, q)
	}
	one.account = ""
	var err error
	if fast, err = p.engine.find(p.Context(), q, s, q.limit(), [][]string{nil, q.fields(s)}[p.IntN(2)]); err != nil {
		p.Fatal(err)
	}
	if slow, err = p.engine.read(p.Context(), q, one, q.limit()); err != nil {
		p.Fatal(err)
	}
	return fast, slow
}

func names(f found) string {
	var ids []string
	for _, rec := range f.records {
		ids = append(ids, rec.ID)
	}
	return fmt.Sprint(f.cut, " ", strings.Join(ids, " "))
}

// A list of projects that is found by the index of an account must be the list
// that is found by looking at each of its projects: a person who misses one
// believes that it is lost.
func TestQ6TheIndexOfAnAccountFindsWhatItsProjectsAre(t *testing.T) {
	open := map[string]func(t *testing.T) app.Store{
		"memory": func(*testing.T) app.Store { return memstore.New(schema.Tables()) },
		"sqlite": func(t *testing.T) app.Store {
			s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "lyceum.db"), schema.Tables())
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	}
	for _, test := range []struct {
		store    string
		seed     uint64
		projects int
		gets     int
	}{
		{"memory", 1, 0, 5}, {"memory", 2, 2, 100}, {"memory", 3, 60, 400}, {"memory", 4, 60, 400},
		{"memory", 5, 2000, 60}, // more than a page
		{"sqlite", 6, 60, 200},
	} {
		t.Run(fmt.Sprintf("%s seed %d", test.store, test.seed), func(t *testing.T) {
			t.Parallel()
			p := newPlanner(t, test.seed, open[test.store](t), test.projects)
			indexed := 0
			for range test.gets {
				q, who := p.ask(), []string{"ada", "ed", "vera", "nobody"}[p.IntN(4)]
				fast, slow := p.both(q, who)
				if names(fast) != names(slow) {
					t.Fatalf("%s asks %v %v %v:\nfinds      %s\nthere are  %s", who, q.shape, q.eq, q.opts.order, names(fast), names(slow))
				}
				if plan := q.plan(p.engine.scope(app.Caller{AccountID: who}, q)); plan.first != nil || len(plan.ranges) == 1 {
					indexed++
				}
				if p.IntN(4) == 0 && test.projects > 0 {
					p.project(fmt.Sprintf("p%04d", p.IntN(test.projects)))
				}
			}
			if test.projects > 2 && indexed < test.gets/2 {
				t.Errorf("only %d of %d gets were found by an index", indexed, test.gets)
			}
		})
	}
}

// moving is a store in which something happens between two pages.
type moving struct {
	app.Store
	between func()
}

func (m *moving) Read(ctx context.Context, r app.Range) (app.Page, error) {
	page, err := m.Store.Read(ctx, r)
	if page.Next != nil && m.between != nil {
		m.between()
	}
	return page, err
}

// Somebody edits a project while a long list that is sorted by the time of the
// last edit is read: the project must be in it, and once.
func TestQ2ARowThatMovesWhileItIsReadIsFoundOnce(t *testing.T) {
	const projects = 2*app.MaxPage + 10
	store := &moving{Store: memstore.New(schema.Tables())}
	p := newPlanner(t, 1, store, 0)
	for i := range projects {
		id := fmt.Sprintf("p%05d", i)
		p.put("projects", id, app.Row{"id": id, "title": fmt.Sprint("t", i%2), "last_edited": int64(i), "users": app.Row{"ada": app.Row{"role": "owner"}}})
	}
	for _, order := range []string{"last_edited", "-last_edited"} {
		q, err := parse(app.Row{"projects": []any{app.Row{"id": nil, "created": app.Row{"!=": int64(-1)}}}}, app.Row{"order_by": order, "limit": int64(1000)})
		if err != nil {
			t.Fatal(err)
		}
		q.opts.limit = projects // more than a client may ask, to see all
		n, ends := int64(0), []int64{-1, projects + 1}
		store.between = func() {
			rec, err := store.Get(t.Context(), "projects", "p01500")
			if err != nil {
				t.Error(err)
				return
			}
			row := app.Clone(rec.Row)
			n++
			row["last_edited"] = ends[n%2] // from one end of the order to the other
			p.put("projects", "p01500", row)
		}
		got, err := p.engine.read(t.Context(), q, p.engine.scope(app.Caller{AccountID: "ada"}, q), q.limit())
		if err != nil {
			t.Fatal(err)
		}
		ids := strings.Fields(names(got))[1:]
		slices.Sort(ids)
		if len(slices.Compact(slices.Clone(ids))) != projects || len(ids) != projects {
			t.Errorf("%s: %d rows, %d of them different; there are %d", order, len(ids), len(slices.Compact(ids)), projects)
		}
	}
}

// Somebody asks for forty projects of which each is a mebibyte: the answer has as
// many as it may have in bytes, the first in the order that was asked for, and
// says that there are more.
func TestQ6AnAnswerIsCutAtItsBytes(t *testing.T) {
	const projects, size = 100, 1 << 20
	p := newPlanner(t, 1, memstore.New(schema.Tables()), 0)
	text := strings.Repeat("x", size)
	for i := range projects {
		id := fmt.Sprintf("p%04d", (i*37)%projects)
		p.put("projects", id, app.Row{"id": id, "title": fmt.Sprintf("t%04d", projects-i), "description": text, "created": int64(i), "last_edited": int64(i), "users": app.Row{"ada": app.Row{"role": "owner"}}})
	}
	for _, order := range []string{"title", "-title", "-created", "created"} {
		q, err := parse(app.Row{"projects": []any{app.Row{"id": nil, "created": nil, "description": nil}}}, app.Row{"order_by": order})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.engine.read(t.Context(), q, p.engine.scope(app.Caller{AccountID: "ada"}, q), q.limit())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(got.records); !got.cut || n != MaxRead/size-1 { // the other fields need some bytes
			t.Errorf("%s: %d rows, cut %t", order, n, got.cut)
		}
		for i, rec := range got.records {
			want := int64(i)
			if order == "title" || order == "-created" {
				want = int64(projects - 1 - i)
			}
			if rec.Row["created"] != want {
				t.Fatalf("%s: row %d is the one of %v", order, i, rec.Row["created"])
			}
		}
	}
}
