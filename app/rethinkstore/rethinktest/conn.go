package rethinktest

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"net"
	"slices"
	"sync"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// maxQuery is how long a query may be, in bytes; the real server's bound.
const maxQuery = 128<<20 - 1

// A conn is a client's connection. Its queries run side by side.
type conn struct {
	node   *member
	socket net.Conn
	user   string
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	queries map[uint64]*query
	silent  map[*query]chan struct{} // queries with noreply that run, each with what is closed at its end

	writing sync.Mutex // over one answer
	work    sync.WaitGroup
}

// A response is an answer as it goes over the wire.
type response struct {
	Type      p.Response_ResponseType   `json:"t"`
	Error     p.Response_ErrorType      `json:"e,omitempty"`
	Results   []datum                   `json:"r"`
	Backtrace []any                     `json:"b,omitempty"`
	Notes     []p.Response_ResponseNote `json:"n"`
}

func (c *conn) data() *data { return c.node.server.data }

// serve lets the client in and answers it until the connection ends.
func (c *conn) serve() {
	defer c.socket.Close() // what it says no longer matters
	in := bufio.NewReader(c.socket)
	s := &shaker{in: in, out: c.socket, version: c.node.server.version, password: c.node.password}
	var err error
	if c.user, err = s.shake(); err == nil {
		c.read(in)
	}
}

// read takes queries until the connection ends, and all that came of them has.
func (c *conn) read(in io.Reader) {
	defer c.endAll()
	defer c.work.Wait()
	defer c.cancel()
	for {
		var header [12]byte
		if _, err := io.ReadFull(in, header[:]); err != nil {
			return
		}
		token, length := binary.LittleEndian.Uint64(header[:8]), binary.LittleEndian.Uint32(header[8:])
		if length > maxQuery {
			c.answer(token, failureOf(clientError("Query size (%d) greater than maximum (%d).", length, maxQuery)))
			if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
				return
			}
			continue
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		c.take(token, body)
	}
}

// endAll ends the queries that have more to answer. None is running any more.
func (c *conn) endAll() {
	c.mu.Lock()
	all := slices.Collect(maps.Values(c.queries))
	c.mu.Unlock()
	for _, q := range all {
		q.end()
	}
}

// take does what a message asks for.
func (c *conn) take(token uint64, body []byte) {
	var raw []any
	if err := json.Unmarshal(body, &raw); err != nil || len(raw) == 0 {
		c.answer(token, failureOf(clientError("Client is buggy (failed to deserialize query).")))
		return
	}
	kind, _ := raw[0].(float64)
	switch p.Query_QueryType(kind) {
	case p.Query_START:
		c.start(token, raw)
	case p.Query_CONTINUE:
		if q := c.find(token); q == nil {
			c.answer(token, failureOf(clientError("Token %d not in stream cache.", token)))
		} else {
			c.work.Go(func() { q.inTurn(q.resume) })
		}
	case p.Query_STOP:
		c.stop(token)
	case p.Query_NOREPLY_WAIT:
		c.waitQuiet(token)
	case p.Query_SERVER_INFO:
		info := object{"id": c.node.id, "name": c.node.name, "proxy": false}
		c.answer(token, &response{Type: p.Response_SERVER_INFO, Results: []datum{info}})
	default:
		c.answer(token, failureOf(clientError("rethinktest does not know the query type %v", raw[0])))
	}
}

func (c *conn) start(token uint64, raw []any) {
	q := &query{conn: c, token: token, turn: make(chan struct{}, 1)}
	q.ctx, q.cancel = context.WithCancel(c.ctx)
	c.mu.Lock()
	taken := c.queries[token] != nil
	if !taken {
		c.queries[token] = q
	}
	c.mu.Unlock()
	if taken {
		q.cancel()
		c.answer(token, failureOf(clientError("ERROR: duplicate token %d", token)))
		return
	}
	done := make(chan struct{})
	if saysNoreply(raw) {
		c.mu.Lock()
		c.silent[q] = done
		c.mu.Unlock()
	}
	c.work.Go(func() {
		q.inTurn(func() { q.start(raw) })
		c.mu.Lock()
		delete(c.silent, q)
		c.mu.Unlock()
		close(done)
	})
}

// saysNoreply looks for noreply in a query that is not parsed yet, so that a
// NOREPLY_WAIT right after it counts it.
func saysNoreply(raw []any) bool {
	if len(raw) < 3 {
		return false
	}
	opts, _ := raw[2].(map[string]any)
	return opts["noreply"] == true
}

// waitQuiet answers when the queries with noreply have ended that came before.
func (c *conn) waitQuiet(token uint64) {
	c.mu.Lock()
	before := slices.Collect(maps.Values(c.silent))
	c.mu.Unlock()
	c.work.Go(func() {
		for _, done := range before {
			select {
			case <-done:
			case <-c.ctx.Done():
				return
			}
		}
		c.answer(token, &response{Type: p.Response_WAIT_COMPLETE, Results: []datum{}})
	})
}

func (c *conn) find(token uint64) *query {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queries[token]
}

func (c *conn) forget(q *query) {
	q.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queries[q.token] == q {
		delete(c.queries, q.token)
	}
}

// stop ends a query. What runs of it is answered first, then the STOP.
func (c *conn) stop(token uint64) {
	done := &response{Type: p.Response_SUCCESS_SEQUENCE, Results: []datum{}}
	q := c.find(token)
	if q == nil {
		c.answer(token, done)
		return
	}
	q.cancel()
	c.work.Go(func() {
		q.inTurn(func() {
			q.end()
			c.answer(token, done)
		})
	})
}

// inTurn runs fn while nobody else answers the query.
func (q *query) inTurn(fn func()) {
	q.turn <- struct{}{}
	defer func() { <-q.turn }()
	fn()
}

// answer sends a response, once the faults let it.
func (c *conn) answer(token uint64, res *response) {
	if res.Notes == nil {
		res.Notes = []p.Response_ResponseNote{}
	}
	text, err := encodeJSON(res)
	if err != nil {
		panic("rethinktest: " + err.Error()) // a datum always has a JSON form
	}
	if !c.node.server.wire.pass(c.ctx) {
		return
	}
	out := make([]byte, 12, 12+len(text))
	binary.LittleEndian.PutUint64(out, token)
	binary.LittleEndian.PutUint32(out[8:], uint32(len(text)))
	out = append(out, text...)
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := c.socket.Write(out); err != nil {
		c.cut() // the reader sees that it ended
	}
}

// cut ends the connection without a word.
func (c *conn) cut() {
	c.cancel()
	c.socket.Close() // what it says no longer matters
}
