package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"lyceum/app"
)

// Index answers questions about access. Its methods may be called from any
// goroutine and from a watcher of a store; they do not block, but for the first
// reading of the tables: who asks before waits for it.
type Index struct {
	boot  string // no stamp of another process equals one of ours
	stop  []func()
	again chan struct{} // has an element when the tables are to be read again
	first first

	fences fences

	mu       sync.RWMutex
	lost     bool              // changes may have been missed: nobody has any role
	losses   int               // how often that was so
	loading  map[string]int64  // row → its revision, of what was told while the tables are read
	logs     map[string]string // table → log id
	accounts map[string]account
	sessions map[string]session
	keys     map[string]key
	projects map[string][]member            // project → its people, in no order
	roles    map[string]map[string]app.Role // account → project → role
	admins   int
	stamps   map[string]int64 // account → how often its access has changed
	watchers map[string]map[*watcher]struct{}
}

type account struct {
	name  string
	admin bool
}

// member is one of a project's people. A list of them takes a tenth of a map.
type member struct {
	account string
	role    app.Role
}

type session struct {
	account string
	expires time.Time
}

type watcher struct{ fn func() }

// Open reads the tables and follows them until Close.
func Open(ctx context.Context, store app.Store) (*Index, error) {
	x, err := Begin(ctx, store)
	if err != nil {
		return nil, err
	}
	if err := x.Wait(ctx); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// Begin follows the tables until Close and begins to read them. Of ctx the values
// are used.
func Begin(ctx context.Context, store app.Store) (*Index, error) {
	x := &Index{
		boot: rand.Text(), again: make(chan struct{}, 1), first: first{over: make(chan struct{})},
		loading: make(map[string]int64), logs: make(map[string]string),
		accounts: make(map[string]account), sessions: make(map[string]session),
		keys:     make(map[string]key),
		projects: make(map[string][]member), roles: make(map[string]map[string]app.Role),
		stamps: make(map[string]int64), watchers: make(map[string]map[*watcher]struct{}),
	}
	for table := range tables {
		if err := x.follow(store, table); err != nil {
			x.Close()
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // until Close
	var reading sync.WaitGroup
	reading.Go(func() {
		if x.readFirst(ctx, store) {
			x.readAgain(ctx, store)
		}
	})
	x.stop = append(x.stop, func() { cancel(); reading.Wait() })
	return x, nil
}

// Close ends the watching. The answers stay as they are.
func (x *Index) Close() {
	for _, stop := range x.stop {
		stop()
	}
	x.stop = nil
}

// tables are those that the index follows, with the fields that it reads: what
// else is in a row is most of it.
var tables = map[string][]string{
	"accounts": {"name", "administrator"}, "api_keys": {"account_id", "project_id", "read_only", "expires"},
	"projects": {"users"}, "sessions": {"account_id", "expires"},
}

// loadAll reads the tables, all at once.
func (x *Index) loadAll(ctx context.Context, store app.Store) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(tables))
	for table, fields := range tables {
		wg.Go(func() { errs <- x.load(ctx, store, app.Range{Table: table, Unordered: true, Fields: fields}) })
	}
	wg.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// follow watches a table. What the watch tells while the pages are read is newer
// than they are; revisions decide.
func (x *Index) follow(store app.Store, table string) error {
	pos, stop, err := store.Watch(table, func(b app.Batch) { x.apply(table, b) })
	if err != nil {
		return fmt.Errorf("watch %s: %w", table, err)
	}
	x.stop = append(x.stop, stop)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.logs[table] == "" {
		x.logs[table] = pos.Log
	}
	return nil
}

// load reads a table, the next page while one is taken in. Nobody is answered by
// the index yet, so nobody is concerned.
func (x *Index) load(ctx context.Context, store app.Store, r app.Range) error {
	pages := make(chan app.Page, 1)
	var failed error
	go func() {
		defer close(pages)
		failed = readAll(ctx, store, r, pages)
	}()
	for page := range pages {
		x.mu.Lock()
		for _, rec := range page.Records {
			if len(x.loading) == 0 || x.loading[r.Table+"/"+rec.ID] < rec.Rev {
				x.putLocked(r.Table, rec.ID, rec.Row, nil)
			}
		}
		x.mu.Unlock()
	}
	if failed != nil {
		return fmt.Errorf("read %s: %w", r.Table, failed)
	}
	return nil
}

// readAll sends the pages of a range, which are all taken.
func readAll(ctx context.Context, store app.Store, r app.Range, to chan<- app.Page) error {
	for {
		page, err := store.Read(ctx, r)
		if err != nil {
			return err
		}
		to <- page
		if page.Next == nil {
			return nil
		}
		r.After = page.Next
	}
}

// concerned collects the accounts whose access has changed; "" stands for the
// site. nil collects nothing.
type concerned map[string]bool

func (c concerned) add(accountID string) {
	if c != nil {
		c[accountID] = true
	}
}

// apply takes one commit in. It is called by the store before the commit is
// acknowledged.
func (x *Index) apply(table string, b app.Batch) {
	who := make(concerned)
	x.mu.Lock()
	if x.logs[table] == "" {
		x.logs[table] = b.Position.Log
	}
	if x.logs[table] != b.Position.Log {
		x.logs[table] = b.Position.Log
		x.loseLocked(who)
	}
	for _, c := range b.Changes {
		if x.loading != nil {
			x.loading[table+"/"+c.ID] = c.Rev
		}
		x.putLocked(table, c.ID, c.New, who)
	}
	var fns []func()
	for id := range who {
		x.stamps[id]++
		for w := range x.watchers[id] {
			fns = append(fns, w.fn)
		}
	}
	x.mu.Unlock()
	if !x.first.done.Load() {
		return // who watches has not been answered yet, and the store must not wait for that
	}
	for _, fn := range fns {
		fn()
	}
}

// putLocked puts one row in, and says whom that concerns.
func (x *Index) putLocked(table, id string, row app.Row, who concerned) {
	switch table {
	case "accounts":
		x.putAccountLocked(id, row, who)
	case "api_keys":
		x.putKeyLocked(id, row, who)
	case "sessions":
		x.putSessionLocked(id, row, who)
	case "projects":
		x.putProjectLocked(id, row, who)
	}
}

func (x *Index) putAccountLocked(id string, row app.Row, who concerned) {
	old, was := x.accounts[id]
	if row == nil {
		delete(x.accounts, id)
		if was {
			who.add(id)
		}
	} else {
		name, _ := row["name"].(string)
		admin, _ := row["administrator"].(bool)
		x.accounts[id] = account{name: name, admin: admin}
		if !was || old.admin != admin {
			who.add(id)
		}
	}
	if now := x.accounts[id]; now.admin != old.admin {
		if now.admin {
			x.admins++
		} else {
			x.admins--
		}
		who.add("")
	}
}

func (x *Index) putSessionLocked(id string, row app.Row, who concerned) {
	old, was := x.sessions[id]
	if row == nil {
		delete(x.sessions, id)
		if was {
			who.add(old.account)
		}
		return
	}
	accountID, _ := row["account_id"].(string)
	expires, _ := row["expires"].(int64)
	x.sessions[id] = session{account: accountID, expires: time.UnixMilli(expires)}
	if was && (old.account != accountID || time.UnixMilli(expires).Before(old.expires)) {
		who.add(old.account)
	}
}

func (x *Index) putProjectLocked(id string, row app.Row, who concerned) {
	people, before := membersOf(row), x.projects[id]
	if len(before) == 0 {
		x.addProjectLocked(id, people, who)
		return
	}
	same := len(people) == len(before)
	stay := same // the same people, whatever their roles
	for _, m := range people {
		if old, was := x.roles[m.account][id]; old != m.role {
			same = false
			stay = stay && was
		}
	}
	if same {
		return
	}
	now := rolesOf(people)
	for _, m := range before {
		if !stay || now[m.account] != m.role {
			who.add(m.account)
		}
		if now[m.account] == app.NoRole {
			x.dropRoleLocked(m.account, id)
		}
	}
	for _, m := range people {
		if !stay || x.roles[m.account][id] != m.role {
			who.add(m.account)
		}
		x.addRoleLocked(m.account, id, m.role)
	}
	x.projects[id] = people
	if len(people) == 0 {
		delete(x.projects, id)
	}
}

// addProjectLocked puts in a project that had nobody.
func (x *Index) addProjectLocked(id string, people []member, who concerned) {
	if len(people) == 0 {
		return
	}
	for _, m := range people {
		who.add(m.account)
		x.addRoleLocked(m.account, id, m.role)
	}
	x.projects[id] = people
}

func (x *Index) addRoleLocked(accountID, projectID string, role app.Role) {
	roles := x.roles[accountID]
	if roles == nil {
		roles = make(map[string]app.Role)
		x.roles[accountID] = roles
	}
	roles[projectID] = role
}

func (x *Index) dropRoleLocked(accountID, projectID string) {
	delete(x.roles[accountID], projectID)
	if len(x.roles[accountID]) == 0 {
		delete(x.roles, accountID)
	}
}

// Users reads the roles out of a row of projects.
func Users(row app.Row) map[string]app.Role { return rolesOf(membersOf(row)) }

// RoleIn reads the role of one account out of a row of projects.
func RoleIn(row app.Row, accountID string) app.Role {
	users, _ := row["users"].(app.Row)
	return roleOf(users[accountID])
}

// roleOf reads a role out of one of the users of a row of projects.
func roleOf(user any) app.Role {
	fields, _ := user.(app.Row)
	name, _ := fields["role"].(string)
	return app.ParseRole(name)
}

func membersOf(row app.Row) []member {
	users, _ := row["users"].(app.Row)
	people := make([]member, 0, len(users))
	for id, user := range users {
		if role := roleOf(user); role != app.NoRole {
			people = append(people, member{id, role})
		}
	}
	return people
}

func rolesOf(people []member) map[string]app.Role {
	roles := make(map[string]app.Role, len(people))
	for _, m := range people {
		roles[m.account] = m.role
	}
	return roles
}

// Stamp changes whenever the access of an account has changed, and with every
// start of the server. The site's own is that of "".
func (x *Index) Stamp(accountID string) string {
	x.rlock()
	defer x.mu.RUnlock()
	return x.boot[:8] + "-" + strconv.FormatInt(x.stamps[accountID], 10)
}

// Watch calls fn after every change of what an account may see or do: its
// roles, the people of its projects, its sign-ins, the account itself. "" is the
// site: whether it has an administrator. fn must not block. After stop it may
// still be running once.
func (x *Index) Watch(accountID string, fn func()) (stop func()) {
	w := &watcher{fn}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.watchers[accountID] == nil {
		x.watchers[accountID] = make(map[*watcher]struct{})
	}
	x.watchers[accountID][w] = struct{}{}
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.watchers[accountID], w)
		if len(x.watchers[accountID]) == 0 {
			delete(x.watchers, accountID)
		}
	}
}
