// Package place knows which server has the files of a project, where several
// servers share a database.
//
// projects.server names one server, and nobody but that server starts the
// project, touches its files, or runs the rooms of its documents. A project gets
// it when it is made; one of an older version is claimed by the server that has
// its folder, or, if it has never run, by the first that is asked for it. A claim
// is one conditional write of the row, so that two servers never both have one.
// What may have files that no server has shown is nobody's, until one comes that
// has its folder, or the operator says whose it is (Take).
//
// What reaches another server is answered with a sentence that names the right
// one and its address. A server that is alone on its database has everything.
//
// Not here yet: handing requests on to the right server, and moving a project.
// Moving will be a write of projects.server by the server that has it, after its
// rooms and its agent have ended.
package place

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"lyceum/app"
	"lyceum/app/durable"
	"lyceum/app/query"
)

// The tables of this package, see package schema.
const (
	serversTable  = "servers"
	projectsTable = "projects"
	hereTable     = "this_server"
	hereID        = "here"
)

// Server is who has projects.
type Server struct {
	ID      string // random, of the data directory
	Name    string // for people
	Address string // where browsers reach it, ends with "/"
}

// idName is the file of the data directory that has the server's id: the files of
// projects lie beside it, and move with it.
const idName = "server-id"

var ids = regexp.MustCompile(`^[a-z0-9]{26}$`)

// ID returns the id of the server that has a data directory, and makes one for a
// new directory. The caller has the directory's lock.
func ID(data string) (string, error) {
	id, err := Known(data)
	if id != "" || err != nil {
		return id, err
	}
	id = strings.ToLower(rand.Text())
	if err := durable.WriteFile(filepath.Join(data, idName), []byte(id+"\n")); err != nil {
		return "", fmt.Errorf("write the server's id: %w", err)
	}
	return id, nil
}

// Known returns the id of the server that has a data directory, "" if none has
// served from it.
func Known(data string) (string, error) {
	name := filepath.Join(data, idName)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the server's id: %w", err)
	}
	id := strings.TrimSpace(string(text))
	if !ids.MatchString(id) {
		return "", app.Errorf(app.Invalid, "The file %s holds no id of a server. Restore it from a backup; "+
			"without it the projects of this data directory are not known to be its own.", name)
	}
	return id, nil
}

// Options is what Places need.
type Options struct {
	Store app.Store // with all tables
	Self  Server
	Data  string // absolute path of the data directory
	Alone bool   // no other server can use the database
	Log   *slog.Logger
}

// Places says which projects are here. Methods may be called from any goroutine;
// on nil, everything is here.
type Places struct {
	o    Options
	stop func()

	mu    sync.Mutex
	known map[string]Server // all that ever used the database
}

// Open makes this server known to the others and follows who they are, until
// Close.
func Open(ctx context.Context, o Options) (*Places, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Places{o: o, stop: func() {}, known: map[string]Server{}}
	if o.Alone {
		return p, nil
	}
	row := app.Row{"id": o.Self.ID, "name": o.Self.Name, "address": o.Self.Address, "started": time.Now().UnixMilli()}
	if _, err := o.Store.Write(ctx, app.Write{Table: serversTable, ID: o.Self.ID, Row: row, IfRev: app.AnyRev}); err != nil {
		return nil, fmt.Errorf("say that this server is there: %w", err)
	}
	here := app.Row{"id": hereID, "server": o.Self.ID}
	if _, err := o.Store.Write(ctx, app.Write{Table: hereTable, ID: hereID, Row: here, IfRev: app.AnyRev}); err != nil {
		return nil, fmt.Errorf("tell pages which server this is: %w", err)
	}
	_, stop, err := o.Store.Watch(serversTable, func(b app.Batch) {
		for _, c := range b.Changes {
			if c.New != nil { // they are never forgotten: projects may name them
				p.learn(c.ID, c.New)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("watch servers: %w", err)
	}
	p.stop = stop
	all, err := Servers(ctx, o.Store)
	if err != nil {
		stop()
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range all {
		if _, told := p.known[s.ID]; !told { // what was told is newer
			p.known[s.ID] = s
		}
	}
	return p, nil
}

// Close stops to follow.
func (p *Places) Close() { p.stop() }

// Servers returns all servers that use a database, or have used it, by id.
func Servers(ctx context.Context, store app.Store) ([]Server, error) {
	var all []Server
	r := app.Range{Table: serversTable}
	for {
		page, err := store.Read(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("read servers: %w", err)
		}
		for _, rec := range page.Records {
			all = append(all, serverFrom(rec.ID, rec.Row))
		}
		if page.Next == nil {
			return all, nil
		}
		r.After = page.Next
	}
}

func serverFrom(id string, row app.Row) Server {
	return Server{ID: id, Name: text(row, "name"), Address: text(row, "address")}
}

func (p *Places) learn(id string, row app.Row) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[id] = serverFrom(id, row)
}

func (p *Places) server(id string) (Server, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.known[id]
	return s, ok
}

// serverOf returns the server that a row names, if there is such a one. It asks
// the store for one that has come this moment.
func (p *Places) serverOf(ctx context.Context, row app.Row) (s Server, known bool, err error) {
	id := text(row, "server")
	if s, known = p.server(id); known || id == "" {
		return s, known, nil
	}
	rec, err := p.o.Store.Get(ctx, serversTable, id)
	if errors.Is(err, app.ErrNotFound) {
		return Server{}, false, nil
	}
	if err != nil {
		return Server{}, false, fmt.Errorf("read a server: %w", err)
	}
	p.learn(id, rec.Row)
	s, known = p.server(id)
	return s, known, nil
}

// Foreign reports whether a row of projects names another server.
func (p *Places) Foreign(row app.Row) bool {
	if p == nil || p.o.Alone {
		return false
	}
	id := text(row, "server")
	return id != "" && id != p.o.Self.ID
}

// Own returns nil if a project is here, after it was claimed if it was nowhere;
// else an error of the kind Elsewhere that says where, or ErrNowhere.
func (p *Places) Own(ctx context.Context, projectID string) error {
	if p == nil || p.o.Alone {
		return nil
	}
	rec, err := p.o.Store.Get(ctx, projectsTable, projectID)
	if err != nil {
		return err
	}
	return p.OwnRow(ctx, projectID, rec.Row)
}

// OwnRow is Own of a project whose row was just read.
func (p *Places) OwnRow(ctx context.Context, projectID string, row app.Row) error {
	if p == nil || p.o.Alone || text(row, "server") == p.o.Self.ID {
		return nil
	}
	s, known, err := p.serverOf(ctx, row)
	if err == nil && !known {
		if row, err = p.claim(ctx, projectID); err == nil {
			s, known, err = p.serverOf(ctx, row)
		}
	}
	switch {
	case err != nil:
		return err
	case !known:
		return ErrNowhere
	case s.ID == p.o.Self.ID:
		return nil
	}
	return elsewhere(s, projectID)
}

// ErrNowhere says that no server is known to have a project.
var ErrNowhere = app.Errorf(app.Unavailable, "It is not known which server has the files of this project. "+
	"Please tell the administrator: the server whose data directory has them must be started once, "+
	"or, if there are none any more, lyceum claim gives the project to a server.")

// Settle claims a project at the start of this server, if it is nobody's and its
// folder is here. A server that is alone changes nothing.
func (p *Places) Settle(ctx context.Context, projectID string, row app.Row) error {
	if p == nil || p.o.Alone || text(row, "server") == p.o.Self.ID {
		return nil
	}
	if _, known, err := p.serverOf(ctx, row); err != nil || known || !p.hasFolder(projectID) {
		return err
	}
	_, err := p.claim(ctx, projectID)
	if errors.Is(err, app.ErrNotFound) {
		return nil // deleted meanwhile
	}
	return err
}

// claim makes a project this server's if it is nobody's and may be taken, and
// returns its row as it is then.
func (p *Places) claim(ctx context.Context, projectID string) (app.Row, error) {
	rec, err := query.Update(ctx, p.o.Store, projectsTable, projectID, func(row app.Row) (app.Row, error) {
		if row == nil {
			return nil, app.ErrNotFound
		}
		if text(row, "server") != "" {
			// A server that the database has never seen: a backup was restored
			// under another id, beside the folders.
			_, known, err := p.serverOf(ctx, row)
			if err != nil || known || !p.hasFolder(projectID) {
				return row, err
			}
		} else if !p.hasFolder(projectID) && hasRun(row) {
			return row, nil
		}
		row["server"] = p.o.Self.ID
		return row, nil
	})
	if err != nil {
		return nil, err
	}
	if text(rec.Row, "server") == p.o.Self.ID {
		p.o.Log.InfoContext(ctx, "project claimed", "part", "place", "project", projectID)
	}
	return rec.Row, nil
}

// hasFolder reports whether the files of a project are here. What cannot be
// looked at is not.
func (p *Places) hasFolder(projectID string) bool {
	info, err := os.Stat(filepath.Join(p.o.Data, "projects", filepath.Base(projectID)))
	return err == nil && info.IsDir()
}

// hasRun reports whether a project may have files somewhere: its state was
// written since it was made.
func hasRun(row app.Row) bool {
	state, _ := row["state"].(app.Row)
	since, _ := state["since"].(int64)
	created, _ := row["created"].(int64)
	_, uid := row["uid"]
	return uid || state != nil && since != created
}

func text(row app.Row, name string) string { s, _ := row[name].(string); return s }
