package query_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"

	"lyceum/app"
)

// asks are what a page may watch: everything, filters, fixed projects, windows
// with and without an index, what shows others' names.
var asks = []struct {
	query   app.Row
	options app.Row
}{
	{list("terminals", app.Row{"title": nil}), nil},
	{list("terminals", app.Row{"title": app.Row{">=": "c"}, "account_id": nil}), nil},
	{list("terminals", app.Row{"title": app.Row{"in": []any{"a", "d"}}, "project_id": nil, "ended": app.Row{"exit_code": nil}}), nil},
	{list("terminals", app.Row{"project_id": "p2", "title": nil}), nil},
	{list("terminals", app.Row{"id": "t2", "title": nil}), nil},
	{list("terminals", app.Row{"title": nil}), app.Row{"limit": int64(3), "order_by": "-title"}},
	{list("terminals", app.Row{"id": nil, "title": app.Row{"!=": "b"}}), app.Row{"limit": int64(4), "order_by": []any{"title", "-id"}}},
	{list("terminals", app.Row{"project_id": "p1", "title": nil}), app.Row{"limit": int64(2)}},
	{list("projects", app.Row{"title": nil, "description": nil}), nil},
	{list("projects", app.Row{"title": nil, "users": app.Row{"ed": app.Row{"role": nil}}}), nil},
	{list("projects", app.Row{"id": nil, "users": app.Row{"ed": app.Row{"role": "editor"}}}), nil},
	{list("projects", app.Row{"title": nil}), app.Row{"limit": int64(2), "order_by": "-last_edited"}},
	{list("projects", app.Row{"id": nil, "title": app.Row{"<": "d"}}), app.Row{"limit": int64(2), "order_by": "title"}},
	{list("collaborators", app.Row{"name": nil}), nil},
}

// simulation is ed's browser with a tab for each of asks, while others work and
// his roles come and go.
type simulation struct {
	*world
	random *rand.Rand
	tabs   []*tab
}

// L1 L4 L5 L6: whatever happens in whatever order, what a client has folded is
// what it would be answered. Nothing comes twice or for nothing (the tab itself
// checks), also where it comes back with a position.
func TestL1L4L5L6WhatIsFoldedIsWhatWouldBeAnswered(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			s := &simulation{world: newWorld(t), random: rand.New(rand.NewPCG(seed, 8))}
			for i := range 4 {
				s.putProject(i)
			}
			for _, a := range asks {
				s.tabs = append(s.tabs, s.watch("ed", a.query, maps.Clone(a.options)))
			}
			for range 200 {
				s.act()
			}
			for i := range asks {
				s.settle(i)
			}
		})
	}
}

// settle waits until a tab has what a get answers.
func (s *simulation) settle(i int) {
	s.t.Helper()
	answer, err := s.run("ed", asks[i].query, maps.Clone(asks[i].options), "")
	if err != nil {
		s.t.Fatal(err)
	}
	want := map[string]string{}
	for _, row := range answer.Rows {
		want[s.tabs[i].id(row)] = value(row)
	}
	s.tabs[i].until(func() bool {
		have := map[string]string{}
		for id, row := range s.tabs[i].rows {
			have[id] = value(row)
		}
		return s.tabs[i].pos.Log != "" && maps.Equal(have, want)
	}, fmt.Sprintf("%v %v to be %v", asks[i].query, asks[i].options, want))
}

func (s *simulation) pick(words ...string) string { return words[s.random.IntN(len(words))] }

func (s *simulation) act() {
	if s.random.IntN(12) == 0 {
		s.reconnect(s.random.IntN(len(s.tabs)))
		return
	}
	s.change()
}

// change writes a row.
func (s *simulation) change() {
	switch s.random.IntN(12) {
	default:
		n := s.random.IntN(12)
		row := app.Row{
			"id": fmt.Sprint("t", n), "project_id": fmt.Sprint("p", 1+n%4), // it never moves to another
			"title": s.pick("a", "b", "c", "d", "e"), "account_id": s.pick("ada", "sam"), "created": int64(1),
		}
		if s.random.IntN(3) == 0 {
			row["ended"] = app.Row{"time": int64(1), "exit_code": int64(s.random.IntN(2))}
		}
		s.put("terminals", row)
	case 0:
		s.remove("terminals", fmt.Sprint("t", s.random.IntN(12)))
	case 1, 2:
		s.putProject(s.random.IntN(4))
	case 3:
		s.put("accounts", app.Row{"id": "sam", "name": s.pick("Sam", "Samuel"), "created": int64(1), "email_address": "sam@example.org"})
	}
}

// putProject makes or changes a project: its names, and who is in it.
func (s *simulation) putProject(i int) {
	users := app.Row{s.pick("ada", "sam", "root"): app.Row{"role": "owner"}}
	if role := s.pick("", "viewer", "editor", "owner"); role != "" {
		users["ed"] = app.Row{"role": role}
	}
	s.put("projects", app.Row{
		"id": fmt.Sprint("p", i+1), "title": s.pick("a", "b", "c", "d", "e"), "users": users, "created": int64(1),
		"last_edited": int64(s.random.IntN(5)), "state": app.Row{"state": "stopped", "since": int64(1)},
	})
}

// reconnect has a tab lose its network, and come back with what it has when some
// more has happened.
func (s *simulation) reconnect(i int) {
	s.settle(i)
	old := s.tabs[i]
	old.close()
	for range s.random.IntN(6) {
		s.change()
	}
	options := maps.Clone(asks[i].options)
	if options == nil {
		options = app.Row{}
	}
	options["after"] = app.Row{"log": old.pos.Log, "n": old.pos.N}
	s.tabs[i] = s.rewatch("ed", asks[i].query, options, maps.Clone(old.rows))
}
