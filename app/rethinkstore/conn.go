package rethinkstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

const (
	// maxConnections is how many queries run at once, each on a connection of
	// its own; feeds have theirs beside them. More would only wait in the
	// database, which does 16,000 reads a second for sixteen clients.
	maxConnections = 16
	// reservedConnections are more of them, for the signs of life alone: a server whose
	// readers wait for each other must not be taken for gone.
	reservedConnections = 2
	// dialPatience bounds opening a connection with its handshake: a host that
	// does not answer must not keep the others from being asked.
	dialPatience = 5 * time.Second
	// nextHost is how long a host may take to answer before another one is asked
	// beside it: one that takes connections and says nothing costs so much, and
	// then nothing for badFor.
	nextHost = 300 * time.Millisecond
	// queryPatience bounds one query. The longest, a page of a thousand rows, take
	// hundredths of a second.
	queryPatience = 10 * time.Second
	// badFor is how long a host that could not be reached is asked last.
	badFor = 5 * time.Second
	// pauseFirst and pauseMost are between attempts that failed: soon at first, so
	// that a connection that was cut costs nobody time, and then rarely.
	pauseFirst = 5 * time.Millisecond
	pauseMost  = 500 * time.Millisecond
)

var errClosed = errors.New("store is closed")

// notSentError says that a query has not reached the database.
type notSentError struct{ error }

func (e notSentError) Unwrap() error { return e.error }

// pool keeps connections to whichever hosts answer. A connection is used by one
// goroutine at a time, and is not used again after it has failed.
type pool struct {
	options *Options
	connect r.ConnectOpts // but for the address
	slots   chan struct{}
	kept    chan struct{} // slots for contexts of reserved

	mu     sync.Mutex
	idle   []*link
	hosts  []*host
	turn   int
	closed bool
}

type host struct {
	address string
	bad     time.Time // when it did not answer last; zero: it does
	warned  bool      // that it cannot be reached
}

type link struct {
	session *r.Session
	host    string
	slot    chan struct{} // where its place is given back
}

type reservedKey struct{}

// reserved returns a context whose queries have connections of their own.
func reserved(ctx context.Context) context.Context {
	return context.WithValue(ctx, reservedKey{}, true)
}

func newPool(o *Options) (*pool, error) {
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	secure, err := o.tls()
	if err != nil {
		return nil, err
	}
	p := &pool{
		options: o, slots: make(chan struct{}, maxConnections), kept: make(chan struct{}, reservedConnections),
		connect: r.ConnectOpts{
			Username: o.User, Password: password, TLSConfig: secure, Timeout: dialPatience,
			// For how long the driver waits when it stops a query that nobody waits
			// for any more: without it, for ever where the network is silent.
			ReadTimeout: dialPatience, WriteTimeout: dialPatience,
			MaxOpen: 1, NumRetries: 1,
		},
	}
	for _, address := range o.Hosts {
		p.hosts = append(p.hosts, &host{address: address})
	}
	return p, nil
}

// order returns the hosts in the order in which they are to be asked: in turn,
// those that could not be reached lately last.
func (p *pool) order() []*host {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn++
	list := make([]*host, 0, len(p.hosts))
	for i := range p.hosts {
		list = append(list, p.hosts[(p.turn+i)%len(p.hosts)])
	}
	slices.SortStableFunc(list, func(a, b *host) int {
		switch badA, badB := time.Since(a.bad) < badFor, time.Since(b.bad) < badFor; {
		case badA == badB:
			return 0
		case badA:
			return 1
		}
		return -1
	})
	return list
}

// attempt is what became of asking a host.
type attempt struct {
	link *link
	err  error
}

// dial opens a connection to the first host that answers. One that does not is
// waited for while others are asked.
func (p *pool) dial(ctx context.Context) (*link, error) {
	hosts := p.order()
	attempts := make(chan attempt)
	over := make(chan struct{})
	defer close(over)
	asked, open := 0, 0
	var errs []error
	for {
		var late <-chan time.Time
		if asked < len(hosts) {
			if open == 0 {
				p.ask(ctx, hosts[asked], attempts, over)
				asked++
				open++
			}
			late = after(nextHost)
		}
		select {
		case a := <-attempts:
			if a.err == nil {
				return a.link, nil
			}
			open--
			if errs = append(errs, a.err); len(errs) == len(hosts) {
				return nil, notSentError{errors.Join(errs...)}
			}
		case <-late:
			p.slow(hosts[asked-1])
			if asked < len(hosts) {
				p.ask(ctx, hosts[asked], attempts, over)
				asked++
				open++
			}
		case <-ctx.Done():
			return nil, notSentError{errors.Join(append(errs, ctx.Err())...)}
		}
	}
}

// ask asks one host, and goes on by itself when over is closed: it notes whether
// the host could be reached, and closes a connection that nobody has taken.
func (p *pool) ask(ctx context.Context, h *host, attempts chan<- attempt, over <-chan struct{}) {
	ctx = context.WithoutCancel(ctx) // connectTo has a bound of its own
	go func() {
		session, err := p.connectTo(ctx, h.address)
		p.note(h, err)
		a := attempt{link: &link{session: session, host: h.address}}
		if err != nil {
			a = attempt{err: fmt.Errorf("%s: %w", h.address, err)}
		}
		select {
		case attempts <- a:
		case <-over:
			if err == nil {
				_ = session.Close() // nothing is under way on it
			}
		}
	}()
}

// slow makes a host that has not answered yet one of the last to be asked.
func (p *pool) slow(h *host) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h.bad = time.Now()
}

// connectTo opens a session with one host. The driver heeds no context in its
// handshake, so that goes on by itself when it takes too long, and what comes of
// it is closed.
func (p *pool) connectTo(ctx context.Context, address string) (*r.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	done := make(chan error)
	options := p.connect
	options.Address = address
	var session *r.Session
	go func() {
		var err error
		session, err = r.Connect(options)
		select {
		case done <- err:
		case <-ctx.Done():
			if err == nil {
				_ = session.Close() // nobody has taken it, or will use it
			}
		}
	}()
	select {
	case err := <-done:
		return session, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// note remembers whether a host could be reached, and says when that changes.
func (p *pool) note(h *host, err error) {
	p.mu.Lock()
	warned := h.warned
	h.bad, h.warned = time.Time{}, err != nil
	if err != nil {
		h.bad = time.Now()
	}
	p.mu.Unlock()
	switch {
	case err != nil && !warned:
		p.options.Log.Warn("host of the database cannot be reached", "part", "store", "url", h.address, "err", err)
	case err == nil && warned:
		p.options.Log.Info("host of the database can be reached again", "part", "store", "url", h.address)
	}
}

// take returns a connection that nobody else uses; give or drop it back.
func (p *pool) take(ctx context.Context) (*link, error) {
	slot := p.slots
	if ctx.Value(reservedKey{}) != nil {
		slot = p.kept
	}
	select {
	case slot <- struct{}{}:
	case <-ctx.Done():
		return nil, notSentError{ctx.Err()}
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-slot
		return nil, notSentError{errClosed}
	}
	if n := len(p.idle); n > 0 {
		l := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		l.slot = slot
		return l, nil
	}
	p.mu.Unlock()
	l, err := p.dial(ctx)
	if err != nil {
		<-slot
		return nil, err
	}
	l.slot = slot
	return l, nil
}

func (p *pool) give(l *link) {
	slot := l.slot // whoever takes it next has another
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.idle = append(p.idle, l)
	}
	p.mu.Unlock()
	if closed {
		_ = l.session.Close() // nothing is under way on it
	}
	<-slot
}

// drop closes a connection that has failed, and, where it was cut, those to the
// same host that are not in use: what has cut one has mostly cut all.
func (p *pool) drop(l *link, cut bool) {
	p.mu.Lock()
	gone := []*link{l}
	p.idle = slices.DeleteFunc(p.idle, func(other *link) bool {
		same := cut && other.host == l.host
		if same {
			gone = append(gone, other)
		}
		return same
	})
	p.mu.Unlock()
	for _, l := range gone {
		_ = l.session.Close() // it has failed
	}
	<-l.slot
}

// once runs a query and gives its answers to fn, which is called for each with
// JSON that it may keep.
func (p *pool) once(ctx context.Context, term r.Term, fn func([]byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	l, err := p.take(ctx)
	if err != nil {
		return err
	}
	cursor, err := term.Run(l.session, r.RunOpts{Context: ctx})
	if err == nil {
		err = each(cursor, fn)
	}
	if broken(err) {
		p.drop(l, ctx.Err() == nil)
		return err
	}
	p.give(l)
	return err
}

func each(cursor *r.Cursor, fn func([]byte) error) error {
	for {
		b, ok := cursor.NextResponse()
		if !ok {
			return cursor.Err()
		}
		if err := fn(b); err != nil {
			return errors.Join(err, cursor.Close())
		}
	}
}

// query is once, again after a connection has failed. It is for what changes
// nothing, or changes the same when it is done twice; fn may get answers of
// several attempts, reset is called before each.
func (p *pool) query(ctx context.Context, term r.Term, reset func(), fn func([]byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	pause := pauseFirst
	for {
		reset()
		err := p.once(ctx, term, fn)
		if !passing(err) {
			return err
		}
		if !wait(ctx, &pause) {
			return err
		}
	}
}

// wait pauses, longer each time, and reports false when ctx has ended.
func wait(ctx context.Context, pause *time.Duration) bool {
	timer := time.NewTimer(*pause)
	defer timer.Stop()
	*pause = min(2**pause, pauseMost)
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// close ends the connections that are not in use, and the others when they are
// given back.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, l := range idle {
		_ = l.session.Close() // nothing is under way on it
	}
}
