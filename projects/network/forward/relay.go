package forward

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// stream is an end of a connection.
type stream interface {
	net.Conn
	CloseWrite() error
}

var buffers = sync.Pool{New: func() any { b := make([]byte, relayBuffer); return &b }}

// errSilent ends a connection of which one side has ended.
var errSilent = errors.New("one side has ended and the other is silent")

// relay carries bytes both ways until both sides have ended, one has broken, or
// one has ended and the other is silent for long: nobody inside needs to be
// there any more then. Ends that have ended in order are closed; broken ones are
// broken off with breakOff, so that neither side takes a part for the whole.
func relay(inside, outside stream, breakOff func(), silence time.Duration) {
	var moved atomic.Int64
	out, in := make(chan error, 1), make(chan error, 1)
	var both sync.WaitGroup
	both.Go(func() { out <- pass(outside, inside, &moved) })
	both.Go(func() { in <- pass(inside, outside, &moved) })
	var err error
	other := in
	select {
	case err = <-out:
	case err = <-in:
		other = out
	}
	if err == nil {
		err = rest(other, &moved, silence)
	}
	if err != nil {
		breakOff()
	}
	both.Wait()
	_, _ = inside.Close(), outside.Close() // nothing is left to be sent
}

// rest waits for the second direction.
func rest(end <-chan error, moved *atomic.Int64, silence time.Duration) error {
	for {
		seen := moved.Load()
		select {
		case err := <-end:
			return err
		case <-time.After(silence):
			if moved.Load() == seen {
				return errSilent
			}
		}
	}
}

// pass copies until from ends, and ends to then.
func pass(to, from stream, moved *atomic.Int64) error {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		n, err := from.Read(*buffer)
		if n > 0 {
			moved.Add(int64(n))
			if _, err := to.Write((*buffer)[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return to.CloseWrite()
		}
		if err != nil {
			return err
		}
	}
}
