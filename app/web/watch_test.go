package web_test

import (
	"context"
	"testing"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/web"
	"lyceum/app/wire"
)

// watchTables has watches that a test plays.
type watchTables struct {
	slowTables
	watch func(wake func()) query.Watch
}

func (f *watchTables) Subscribe(_ context.Context, _ any, _ app.Row, wake func()) (query.Watch, error) {
	return f.watch(wake), nil
}

// playedWatch is one of them.
type playedWatch struct {
	next func(context.Context) (query.Message, bool, error)
}

func (p playedWatch) Next(ctx context.Context) (query.Message, bool, error) { return p.next(ctx) }
func (p playedWatch) Sent()                                                 {}
func (p playedWatch) Close()                                                {}

// A table that takes long to read is written to all the time.
func TestL7AWatchThatOpensSlowlyDelaysNoOther(t *testing.T) {
	reading := make(chan struct{}, 1)
	tables := &watchTables{}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = tables })
	tb := w.person("ada").tab(wire.CBOR)
	tables.watch = func(wake func()) query.Watch {
		return playedWatch{func(ctx context.Context) (query.Message, bool, error) {
			wake()
			select {
			case reading <- struct{}{}:
			case <-ctx.Done(): // the pump may ask once more at the end
			}
			<-ctx.Done()
			return query.Message{}, false, ctx.Err()
		}}
	}
	tb.send(watchName(1))
	<-reading
	tables.watch = func(func()) query.Watch {
		return playedWatch{func(context.Context) (query.Message, bool, error) {
			return query.Message{Answer: &query.Answer{List: true}}, true, nil
		}}
	}
	tb.send(watchName(2))
	for range 3 { // the first is sent by who opens it, the others by the pump
		if a, ok := tb.next().(wire.Answer); !ok || a.ID != 2 {
			t.Fatalf("got %+v", a)
		}
	}
}

// Who has the error of a watch knows that it has ended.
func TestAnIdIsFreeWhenTheErrorOfItsWatchHasCome(t *testing.T) {
	tables := &watchTables{}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = tables })
	tables.watch = func(func()) query.Watch {
		return playedWatch{func(context.Context) (query.Message, bool, error) {
			return query.Message{}, false, app.Errorf(app.Unavailable, "Not now.")
		}}
	}
	tb := w.person("ada").tab(wire.CBOR)
	for range 500 {
		tb.send(watchName(1))
		failure(t, tb.next(), app.Unavailable)
	}
}
