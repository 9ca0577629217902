package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/wire"
)

// tab is a connection to the tables, in CBOR. One goroutine writes, one reads.
type tab struct {
	conn *websocket.Conn
	id   int64 // of the last question
	said wire.Numbers
	got  wire.Numbers
	stop func() bool // lets go of the context
}

// open connects. The connection closes with the context.
func (p *person) open(ctx context.Context) (*tab, error) {
	conn, err := p.dial(ctx, "ws", wire.ProtocolCBOR)
	if err != nil {
		return nil, err
	}
	t := &tab{conn: conn}
	t.stop = context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read that waits
	if err := t.send(wire.ClientHello{Version: wire.Version}); err != nil {
		return nil, err
	}
	_, err = t.next()
	return t, err
}

func (t *tab) close() {
	t.stop()
	leave(t.conn)
}

func (t *tab) send(m wire.Message) error {
	data, err := wire.CBOR.Encode(m)
	if err != nil {
		return err
	}
	return t.conn.WriteMessage(websocket.BinaryMessage, t.said.Frame(data))
}

// next waits for a message. A failure is an error.
func (t *tab) next() (wire.Message, error) {
	if err := t.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	_, data, err := t.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	if data, err = t.got.Take(data); err != nil {
		return nil, err
	}
	m, err := wire.CBOR.DecodeServer(data)
	if err != nil {
		return nil, err
	}
	if f, failed := m.(wire.Failure); failed {
		return nil, fmt.Errorf("the server refused: %s", f.Error.Message)
	}
	return m, nil
}

// ask asks one question, when nothing is watched.
func (t *tab) ask(query, options app.Row, request string) (wire.Answer, error) {
	t.id++
	if err := t.send(wire.Ask{ID: t.id, Query: query, Options: options, Request: request}); err != nil {
		return wire.Answer{}, err
	}
	m, err := t.next()
	if err != nil {
		return wire.Answer{}, err
	}
	answer, ok := m.(wire.Answer)
	if !ok {
		return wire.Answer{}, fmt.Errorf("asked %v, was answered %T", query, m)
	}
	return answer, nil
}

// set sets a row and returns the one that is answered.
func (t *tab) set(table string, row app.Row) (app.Row, error) {
	a, err := t.ask(app.Row{table: row}, nil, app.NewID())
	if err != nil {
		return nil, fmt.Errorf("set %s: %w", table, err)
	}
	return a.Row, nil
}

// create sets a new row and returns its id.
func (t *tab) create(table string, row app.Row) (string, error) {
	row["id"] = "new"
	made, err := t.set(table, row)
	id, _ := made["id"].(string)
	return id, err
}

// move asks for a project's start or stop and waits for the state that it leads
// to.
func (t *tab) move(project, action, want string) error {
	_, err := t.set("projects", app.Row{"id": project, "action_request": app.Row{"action": action}})
	if err != nil {
		return err
	}
	state := app.Row{"state": nil, "error": nil}
	watch, err := t.ask(app.Row{"projects": []any{app.Row{"id": project, "state": state}}}, app.Row{"changes": true}, "")
	if err != nil {
		return err
	}
	rows := watch.Rows
	for {
		for _, row := range rows {
			now, _ := row["state"].(app.Row)
			if now["state"] == want {
				return t.cancel(watch.ID)
			}
			if now["error"] != nil {
				return fmt.Errorf("%s of a project: %v", action, now["error"])
			}
		}
		m, err := t.next()
		if err != nil {
			return err
		}
		rows = nil
		if changes, ok := m.(wire.Changes); ok {
			for _, c := range changes.Changes {
				rows = append(rows, c.NewVal)
			}
		}
	}
}

// cancel ends a watch; nothing of it comes afterwards.
func (t *tab) cancel(id int64) error {
	if err := t.send(wire.Cancel{ID: id}); err != nil {
		return err
	}
	if err := t.send(wire.Ping{}); err != nil {
		return err
	}
	for {
		m, err := t.next()
		if err != nil {
			return err
		}
		if _, over := m.(wire.Pong); over {
			return nil
		}
	}
}
