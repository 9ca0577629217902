package query_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"lyceum/app"
)

// sharing is a site on which everything happens at once: rows come, change and
// go, people too, browsers are slow, leave and come back.
type sharing struct {
	*world
	random *rand.Rand
	pages  []*page
}

// page is one list that somebody looks at, through however many connections.
type page struct {
	who     string
	query   app.Row
	options app.Row
	tab     *tab
	stuck   bool
}

func (s *sharing) pick(words ...string) string { return words[s.random.IntN(len(words))] }

// shape is one of few, so that several pages ask the same.
func (s *sharing) page() *page {
	p := &page{who: s.pick("ada", "ed", "vera", "sam"), options: app.Row{}}
	switch s.random.IntN(6) {
	case 0:
		p.query = list("terminals", app.Row{"title": nil})
	case 1:
		p.query = list("terminals", app.Row{"project_id": s.pick("p1", "p2", "p3"), "title": nil})
	case 2:
		p.query = list("terminals", app.Row{"title": app.Row{">=": "m"}, "created": nil})
	case 3:
		p.query = list("terminals", app.Row{"title": nil, "created": nil})
		p.options = app.Row{"limit": int64(3), "order_by": "-created"}
	case 4:
		p.query = list("terminals", app.Row{"project_id": s.pick("p1", "p2"), "title": nil})
		p.options = app.Row{"limit": int64(2), "order_by": "title"}
	case 5:
		p.query = list("projects", app.Row{"title": nil, "users": app.Row{}})
	}
	return p
}

func (s *sharing) open(p *page, after *app.Position, rows map[string]app.Row) {
	options := maps.Clone(p.options)
	if after != nil {
		options["after"] = app.Row{"log": after.Log, "n": after.N}
	}
	p.tab = s.rewatch(p.who, p.query, options, rows)
}

func (s *sharing) act() {
	n := s.random.IntN(12)
	id := fmt.Sprint("t", n)
	switch s.random.IntN(12) {
	case 0, 1, 2, 3, 4:
		project := fmt.Sprint("p", 1+n%3) // a row never moves to another
		s.put("terminals", app.Row{
			"id": id, "project_id": project, "title": fmt.Sprintf("%c", 'a'+s.random.IntN(26)),
			"account_id": "ada", "created": s.random.Int64N(30),
		})
	case 5, 6:
		s.remove("terminals", id)
	case 7:
		s.title(s.pick("p1", "p2", "p3"), fmt.Sprint("Title ", s.random.IntN(5)))
	case 8:
		s.member(s.pick("p1", "p2", "p3"), s.pick("ed", "vera"), s.pick("", "viewer", "editor"))
	case 9:
		p := s.pages[s.random.IntN(len(s.pages))]
		if p.stuck = !p.stuck; p.stuck {
			p.tab.gate.Lock()
		} else {
			p.tab.gate.Unlock()
		}
	case 10:
		p := s.pages[s.random.IntN(len(s.pages))]
		if p.stuck || p.tab.over {
			return
		}
		p.tab.close()
		if pos := p.tab.pos; s.random.IntN(4) > 0 && pos.Log != "" {
			s.open(p, &pos, p.tab.rows)
		} else {
			s.open(p, nil, map[string]app.Row{})
		}
	case 11:
		if len(s.pages) < 12 {
			p := s.page()
			s.open(p, nil, map[string]app.Row{})
			s.pages = append(s.pages, p)
		}
	}
}

// Whatever happens and in whichever order: what a browser has folded is in the end
// what it would be answered, and no change was one of a row that it did not have.
// (L1 to L8, W5)
func TestL8PagesThatShareWorkEachSeeTheirOwn(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := &sharing{world: newWorld(t), random: rand.New(rand.NewPCG(seed, 8))}
			s.project("p3", "Algebra", map[string]string{"ada": "owner"})
			for range 6 {
				p := s.page()
				s.open(p, nil, map[string]app.Row{})
				s.pages = append(s.pages, p)
			}
			for range 300 {
				s.act()
			}
			for _, p := range s.pages {
				if p.stuck {
					p.tab.gate.Unlock()
				}
			}
			for i, p := range s.pages {
				a, err := s.run(p.who, p.query, p.options, "")
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]string{}
				for _, row := range a.Rows {
					want[p.tab.id(row)] = value(row)
				}
				p.tab.until(func() bool {
					got := map[string]string{}
					for id, row := range p.tab.rows {
						got[id] = value(row)
					}
					return maps.Equal(got, want)
				}, fmt.Sprintf("page %d of %s, %v %v, to have %v", i, p.who, p.query, p.options, want))
			}
			for _, p := range s.pages {
				p.tab.close()
			}
			if subscriptions, streams := s.engine.Streams(); subscriptions+streams != 0 {
				t.Errorf("%d subscriptions and %d streams are left", subscriptions, streams)
			}
		})
	}
}
