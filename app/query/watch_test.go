package query_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
)

const (
	graphs  = "{id:p1 title:Graphs}"
	algebra = "{id:p3 title:Algebra}"
)

var titles = list("projects", app.Row{"id": nil, "title": nil})

func (w *world) title(id, title string) {
	w.t.Helper()
	if _, err := query.Update(w.t.Context(), w.store, "projects", id, func(row app.Row) (app.Row, error) {
		row["title"] = title
		return row, nil
	}); err != nil {
		w.t.Fatal(err)
	}
}

// member gives somebody a role as the owner of p1 does, "" removes.
func (w *world) member(project, account, role string) {
	w.t.Helper()
	owner := map[string]string{"p1": "ada", "p2": "sam", "p3": "ada"}[project]
	row := app.Row{"project_id": project, "account_id": account}
	options := app.Row{"delete": true}
	if role != "" {
		row["role"], options = role, nil
	}
	if _, err := w.run(owner, one("members", row), options, ""); err != nil {
		w.t.Fatal(err)
	}
}

// L1, L3: the rows first, then each change with what has changed.
func TestL1TheRowsComeFirstThenEveryChange(t *testing.T) {
	w := newWorld(t)
	tab := w.watch("ada", titles, nil)
	tab.wants("start " + graphs)
	w.title("p1", "Trees")
	tab.wants("update {id:p1 title:Trees}")
	w.project("p3", "Algebra", map[string]string{"ada": "owner"})
	tab.wants("insert " + algebra)
	w.project("p3", "Algebra", map[string]string{"sam": "owner"})
	tab.wants("delete {id:p3}")
	w.title("p2", "Hidden")
	w.title("p1", "Forests")
	tab.wants("update {id:p1 title:Forests}")
}

// L1: a set that is made while the rows are being read is neither lost nor told
// twice. The tab itself checks that nothing is inserted that it has.
func TestL1NothingIsLostWhileTheRowsAreRead(t *testing.T) {
	w := newWorld(t)
	const n = 2500 // more than two pages
	for i := range n {
		w.put("documents", app.Row{"id": fmt.Sprintf("d%06d", i*2), "project_id": "p1", "path": "a", "created": int64(0)})
	}
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			id := fmt.Sprintf("d%06d", (i*7919)%(2*n))
			if i%5 == 4 {
				w.remove("documents", id)
			} else {
				w.put("documents", app.Row{"id": id, "project_id": "p1", "path": fmt.Sprint(i), "created": int64(0)})
			}
		}
	}()
	var tabs []*tab
	for range 4 {
		tab := w.watch("ed", list("documents", app.Row{"project_id": "p1", "path": nil}), nil)
		tab.until(func() bool { return len(tab.got) > 20 }, "some changes")
		tabs = append(tabs, tab)
	}
	close(stop)
	<-done
	w.put("documents", app.Row{"id": "last", "project_id": "p1", "path": "last", "created": int64(0)})
	want := w.must("ed", list("documents", app.Row{"project_id": "p1", "path": nil})).Rows
	for _, tab := range tabs {
		tab.until(func() bool { return tab.rows["last"] != nil }, "the last document")
		tab.equals(want)
	}
}

// equals compares what the client has folded with what a get answers.
func (tab *tab) equals(want []app.Row) {
	tab.t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if len(want) != len(tab.rows) {
		tab.t.Errorf("the client has %d rows, there are %d", len(tab.rows), len(want))
	}
	for _, row := range want {
		if got := tab.rows[tab.id(row)]; value(got) != value(row) {
			tab.t.Errorf("the client has %s, want %s", value(got), value(row))
		}
	}
}

// L2, L3: what was filtered on stands in old_val; a row that begins or ceases to
// match comes and goes (L5).
func TestL3AndL5RowsComeAndGoWithTheFilter(t *testing.T) {
	w := newWorld(t)
	tab := w.watch("ada", list("projects", app.Row{"title": app.Row{">=": "M"}, "description": nil}), nil)
	tab.wants("start")
	w.title("p1", "Trees")
	tab.wants("insert {description: id:p1 title:Trees}")
	w.must("ed", one("projects", app.Row{"id": "p1", "description": "green"}))
	tab.wants("update {description:green id:p1}")
	w.title("p1", "Graphs")
	tab.wants("delete {id:p1 title:Trees}") // what it was found by
}

// L5: a collaborator is added and removed while he watches everything that he
// may see; nothing else of his is disturbed.
func TestL5AccessComesAndGoesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.put("terminals", app.Row{"id": "t1", "project_id": "p1", "title": "One", "account_id": "ada", "created": int64(1)})
	w.put("terminals", app.Row{"id": "t2", "project_id": "p2", "title": "Two", "account_id": "sam", "created": int64(1)})
	all := w.watch("ed", list("terminals", app.Row{"title": nil}), nil)
	all.wants("start {id:t1 title:One}")
	fixed := w.watch("ed", list("terminals", app.Row{"project_id": "p2", "title": nil}), nil)
	fixed.wants("start")

	w.member("p2", "ed", "viewer")
	all.wants("insert {id:t2 title:Two}")
	fixed.wants("insert {id:t2 project_id:p2 title:Two}")
	w.put("terminals", app.Row{"id": "t3", "project_id": "p2", "title": "Three", "account_id": "sam", "created": int64(1)})
	all.wants("insert {id:t3 title:Three}")
	fixed.wants("insert {id:t3 project_id:p2 title:Three}")

	w.member("p2", "ed", "")
	all.wants("delete {id:t2}", "delete {id:t3}")
	fixed.wants("delete {id:t2 project_id:p2}", "delete {id:t3 project_id:p2}")
	w.put("terminals", app.Row{"id": "t4", "project_id": "p2", "title": "Four", "account_id": "sam", "created": int64(1)})
	w.put("terminals", app.Row{"id": "t5", "project_id": "p1", "title": "Five", "account_id": "ada", "created": int64(1)})
	all.wants("insert {id:t5 title:Five}")
	w.member("p2", "ed", "editor")
	fixed.wants("insert {id:t2 project_id:p2 title:Two}", "insert {id:t3 project_id:p2 title:Three}", "insert {id:t4 project_id:p2 title:Four}")
}

// Demo 1: Ada changes her name; Bob's open page shows it. Who begins or ceases
// to share a project with him comes and goes.
func TestL5CollaboratorsFollowNamesAndProjects(t *testing.T) {
	w := newWorld(t)
	tab := w.watch("ed", list("collaborators", app.Row{"name": nil}), nil)
	tab.wants("start {id:ada name:Ada} {id:ed name:Ed} {id:vera name:Vera}")
	w.must("ada", one("accounts", app.Row{"id": "ada", "name": "Ada Lovelace"}))
	tab.wants("update {id:ada name:Ada Lovelace}")
	w.must("sam", one("accounts", app.Row{"id": "sam", "name": "Sammy"}))
	w.member("p1", "sam", "viewer")
	tab.wants("insert {id:sam name:Sammy}")
	w.member("p1", "sam", "")
	tab.wants("delete {id:sam}")
}

// The pages before the sign-in watch whether there is an administrator yet.
func TestSiteSettingsAreWatchedWithoutASignIn(t *testing.T) {
	w := newWorld(t)
	w.put("accounts", app.Row{"id": "root", "name": "Root", "created": int64(1)})
	tab := w.watch("", list("site_settings", app.Row{"sign_up": nil, "first_account": nil}), nil)
	tab.wants("start {first_account:true id:site sign_up:invitation}")
	w.put("accounts", app.Row{"id": "root", "name": "Root", "created": int64(1), "administrator": true})
	tab.wants("update {first_account:false id:site}")
	w.must("root", one("server_settings", app.Row{"sign_up": "open"}))
	tab.wants("update {id:site sign_up:open}")
}

// A document's tab is told that it is over when the role is lost, and gets
// nothing of what is written afterwards.
func TestW5AWatchOfPatchesEndsWithTheRole(t *testing.T) {
	w := newWorld(t)
	w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
	var watched, released int
	w.engine.Watchers["patches"] = watcher(func() { watched++ }, func() { released++ })
	patch := func(seq int) {
		w.put("patches", app.Row{"document_id": "d1", "seq": int64(seq), "project_id": "p1", "update": []byte{byte(seq)}})
	}
	patch(1)
	q := list("patches", app.Row{"document_id": "d1", "seq": app.Row{">": int64(0)}, "update": nil})
	tab := w.watch("vera", q, nil)
	tab.wants("start {document_id:d1 seq:1 update:01}")
	patch(2)
	patch(3)
	tab.wants("insert {document_id:d1 seq:2 update:02}", "insert {document_id:d1 seq:3 update:03}")
	w.member("p1", "vera", "")
	patch(4)
	tab.ends("not_found: This patch does not exist, or you may not see it.")
	if len(tab.got) != 0 {
		t.Errorf("after the removal was acknowledged vera was told %q", tab.got)
	}
	if watched != 1 || released != 1 {
		t.Errorf("the room was told of %d watches and %d ends", watched, released)
	}
	stranger := w.watch("sam", q, nil)
	stranger.ends("not_found: This patch does not exist, or you may not see it.")
	absent := w.watch("sam", list("patches", app.Row{"document_id": "dx", "update": nil}), nil)
	absent.ends("not_found: This patch does not exist, or you may not see it.")
	if watched != 1 {
		t.Error("the room was told of a stranger")
	}
}

type watcherFunc struct{ watched, released func() }

func watcher(watched, released func()) query.Watcher { return watcherFunc{watched, released} }

func (f watcherFunc) Watched(context.Context, app.Row) (func(), error) {
	f.watched()
	return f.released, nil
}

// L4: who comes back in time gets what he missed; who comes back with a
// position that says nothing any more gets the rows.
func TestL4AClientComesBack(t *testing.T) {
	w := newWorld(t)
	w.project("p3", "Algebra", map[string]string{"ada": "owner", "ed": "viewer"})
	tab := w.watch("ed", titles, nil)
	tab.wants("start " + graphs + " " + algebra)
	w.title("p1", "Trees")
	tab.wants("update {id:p1 title:Trees}")
	tab.close()
	after := app.Row{"log": tab.pos.Log, "n": tab.pos.N}

	w.title("p3", "Rings")
	w.title("p1", "Forests")
	tab2 := w.rewatch("ed", titles, app.Row{"after": after}, map[string]app.Row{"p1": {"id": "p1"}, "p3": {"id": "p3"}})
	tab2.wants("resume", "update {id:p3 title:Rings}", "update {id:p1 title:Forests}")
	w.title("p1", "Woods")
	tab2.wants("update {id:p1 title:Woods}")
	tab2.close()
	after = app.Row{"log": tab2.pos.Log, "n": tab2.pos.N}

	t.Run("where nothing has happened, but elsewhere", func(t *testing.T) {
		q := list("terminals", app.Row{"project_id": "p1", "title": nil})
		for _, options := range []app.Row{{}, {"limit": int64(3), "order_by": "title"}} {
			tab := w.watch("ed", q, maps.Clone(options))
			tab.wants("start")
			tab.close()
			w.put("accounts", app.Row{"id": "elsewhere", "name": "Elsewhere", "created": int64(1)})
			again := maps.Clone(options)
			again["after"] = app.Row{"log": tab.pos.Log, "n": tab.pos.N}
			back := w.watch("ed", q, again)
			back.wants("resume")
			back.close()
		}
	})
	t.Run("to a window that has moved", func(t *testing.T) {
		q := list("terminals", app.Row{"project_id": "p1", "title": nil})
		put := func(id, title string) {
			w.put("terminals", app.Row{"id": id, "project_id": "p1", "title": title, "account_id": "ada", "created": int64(1)})
		}
		put("t1", "b")
		put("t2", "d")
		tab := w.watch("ed", q, app.Row{"limit": int64(2), "order_by": "title"})
		tab.wants("start {id:t1 project_id:p1 title:b} {id:t2 project_id:p1 title:d}")
		tab.close()
		put("t3", "a")
		put("t1", "c")
		back := w.rewatch("ed", q, app.Row{"limit": int64(2), "order_by": "title", "after": app.Row{"log": tab.pos.Log, "n": tab.pos.N}}, tab.rows)
		back.wants("resume", "delete {id:t2 project_id:p1}", "insert {id:t3 project_id:p1 title:a}", "update {id:t1 title:c}")
		back.close()
	})
	t.Run("to an access that has changed", func(t *testing.T) {
		w.member("p3", "ed", "")
		tab := w.watch("ed", titles, app.Row{"after": after})
		tab.wants("start {id:p1 title:Woods}")
	})
	t.Run("with a position of another log", func(t *testing.T) {
		tab := w.watch("ed", titles, app.Row{"after": app.Row{"log": "elsewhere", "n": int64(1)}})
		tab.wants("start {id:p1 title:Woods}")
	})
	t.Run("with a position of the future", func(t *testing.T) {
		tab := w.watch("ed", titles, app.Row{"after": app.Row{"log": after["log"], "n": int64(1) << 50}})
		tab.wants("start {id:p1 title:Woods}")
	})
}

// L6: the newest two of a list, while rows come, change and go.
func TestL6AWindowIsKept(t *testing.T) {
	w := newWorld(t)
	act := func(id string, time int) {
		w.put("file_actions", app.Row{"id": id, "project_id": "p1", "time": int64(time), "path": "x"})
	}
	act("a", 10)
	act("b", 20)
	act("c", 30)
	q := list("file_actions", app.Row{"project_id": "p1", "time": nil})
	tab := w.watch("ed", q, app.Row{"limit": int64(2), "order_by": "-time"})
	tab.wants("start {id:c project_id:p1 time:30} {id:b project_id:p1 time:20}")
	act("d", 40)
	tab.wants("delete {id:b project_id:p1}", "insert {id:d project_id:p1 time:40}")
	act("a", 35)
	tab.wants("delete {id:c project_id:p1}", "insert {id:a project_id:p1 time:35}")
	w.remove("file_actions", "d")
	tab.wants("delete {id:d project_id:p1}", "insert {id:c project_id:p1 time:30}")
	act("b", 21)
	act("a", 36)
	tab.wants("update {id:a time:36}")
	w.member("p1", "ed", "")
	tab.wants("delete {id:a project_id:p1}", "delete {id:c project_id:p1}")
}

// A list that grows beyond what one answer may have becomes a window and says
// that there is more; a subscription's memory has a bound.
func TestL7ALongListBecomesAWindow(t *testing.T) {
	w := newWorld(t)
	terminals, _ := schema.Lookup("terminals")
	put := func(i int) {
		w.put("terminals", app.Row{"id": fmt.Sprintf("t%06d", i), "project_id": "p1", "title": "x", "account_id": "ada", "created": int64(1)})
	}
	for i := range terminals.MaxRows() {
		put(i)
	}
	q := list("terminals", app.Row{"project_id": "p1", "ended": nil})
	grows := w.watch("ed", q, nil)
	grows.until(func() bool { return len(grows.rows) == terminals.MaxRows() }, "all rows")
	put(terminals.MaxRows())
	grows.until(func() bool {
		return len(grows.got) > 0 && len(grows.got[len(grows.got)-1]) > 9 && grows.got[len(grows.got)-1][:9] == "start cut"
	}, "a cut answer")
	if len(grows.rows) != terminals.MaxRows() {
		t.Errorf("the client has %d rows, an answer has at most %d", len(grows.rows), terminals.MaxRows())
	}
}

// L7: a browser whose network is stuck delays neither a writer nor another
// browser, and starts anew where it was too slow.
func TestL7ASlowClientDelaysNobody(t *testing.T) {
	w := newWorld(t)
	slow, fast := w.watch("ed", titles, nil), w.watch("ada", titles, nil)
	slow.wants("start " + graphs)
	fast.wants("start " + graphs)
	slow.gate.Lock()
	const n = 500
	for i := range n {
		w.title("p1", fmt.Sprintf("Title %d", i))
	}
	last := fmt.Sprintf("Title %d", n-1)
	fast.until(func() bool { return fast.rows["p1"]["title"] == last }, "the last title")
	slow.gate.Unlock()
	slow.until(func() bool { return slow.rows["p1"]["title"] == last }, "the last title")
}

// W5: a message that has waited for a slow network is not written any more if
// the role has gone meanwhile.
func TestW5WhatWaitsForTheNetworkIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.put("terminals", app.Row{"id": "t1", "project_id": "p1", "title": "One", "account_id": "ada", "created": int64(1)})
	tab := w.watch("ed", list("terminals", app.Row{"title": nil}), nil)
	tab.wants("start {id:t1 title:One}")
	tab.gate.Lock()
	w.put("terminals", app.Row{"id": "t1", "project_id": "p1", "title": "Private", "account_id": "ada", "created": int64(1)})
	tab.until(func() bool { return tab.waits }, "a message to wait for the network")
	w.member("p1", "ed", "")
	tab.gate.Unlock()
	tab.until(func() bool { return len(tab.rows) == 0 }, "the row to go")
	for _, told := range tab.got {
		if told != "start" && told != "delete {id:t1}" {
			t.Errorf("after the removal ed was told %q", told)
		}
	}
}

// The sign-in ends: so does every watch.
func TestW5WatchesEndWithTheSession(t *testing.T) {
	w := newWorld(t)
	tab := w.watch("ed", titles, nil)
	tab.wants("start " + graphs)
	w.remove("sessions", "s-ed")
	tab.ends("denied: Your sign-in has ended. Please sign in again.")
}

func TestL9AWatchThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	for want, q := range map[string]app.Row{
		`invalid: A watch asks for a list: {"projects": [{…}]}.`:                                  one("projects", app.Row{"id": nil}),
		"invalid: document_states cannot be watched.":                                             list("document_states", app.Row{"document_id": "d1", "update": nil}),
		"invalid: A watch of patches must name document_id.":                                      list("patches", app.Row{"update": nil}),
		"invalid: members cannot be read, only set.":                                              list("members", app.Row{"role": nil}),
		"not_found: This directory does not exist, or you may not see it.":                        list("directories", app.Row{"project_id": "p2", "path": "", "entries": nil}),
		"invalid: A set of projects is one object, not a list; a get asks for something by null.": list("projects", app.Row{"id": "p1"}),
	} {
		err := watch(w.as("ada"), w.engine, q, app.Row{"changes": true}, func(query.Message) error {
			t.Errorf("%v was answered", q)
			return errors.New("over")
		})
		if got := said(err); got != want {
			t.Errorf("%v\nsays %q\nwant %q", q, got, want)
		}
	}
}

// Who asks now and then how many watch is told also of those who came and went in
// between.
func TestPeakOfWatchesIsNotMissed(t *testing.T) {
	w := newWorld(t)
	peak := func(now, most int) {
		t.Helper()
		if n, m := w.engine.Peak(); n != now || m != most {
			t.Errorf("%d watches, at most %d; want %d, at most %d", n, m, now, most)
		}
	}
	peak(0, 0)
	q := list("terminals", app.Row{"project_id": "p1", "title": nil})
	var tabs []*tab
	for range 4 {
		tab := w.watch("ada", q, nil)
		tab.wants("start")
		tabs = append(tabs, tab)
	}
	for _, tab := range tabs[1:] {
		tab.close()
	}
	peak(1, 4)
	peak(1, 1)
	tabs[0].close()
	peak(0, 1)
}

// L8: a class that looks at the same list costs the work of one; who may see other
// rows, or asks for something else, has a stream of his own, until he leaves.
func TestL8EqualWatchesShareTheWork(t *testing.T) {
	w := newWorld(t)
	q := list("terminals", app.Row{"project_id": "p1", "title": nil})
	shares := func(subscriptions, streams int) {
		t.Helper()
		if s, d := w.engine.Streams(); s != subscriptions || d != streams {
			t.Errorf("%d watches read %d streams, want %d and %d", s, d, subscriptions, streams)
		}
	}
	var tabs []*tab
	for _, who := range []string{"ada", "ed", "ed", "vera"} {
		tab := w.watch(who, q, nil)
		tab.wants("start")
		tabs = append(tabs, tab)
	}
	shares(4, 1)
	w.watch("sam", q, nil).wants("start") // sees nothing
	shares(5, 2)
	w.watch("ed", list("terminals", app.Row{"project_id": "p1", "title": app.Row{">": "a"}, "created": nil}), nil).wants("start")
	w.watch("ed", q, app.Row{"limit": int64(5), "order_by": "title"}).wants("start")
	shares(7, 4)
	w.put("terminals", app.Row{"id": "t1", "project_id": "p1", "title": "One", "account_id": "ada", "created": int64(1)})
	for _, tab := range tabs {
		tab.wants("insert {id:t1 project_id:p1 title:One}")
		tab.close()
	}
	shares(3, 3)
}
