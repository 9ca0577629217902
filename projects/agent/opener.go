package agent

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"lyceum/app"
	"lyceum/terminal"
)

// Bounds of the command open.
const (
	// maxOpen is how many places one command opens: more tabs than that are a
	// mistake with a star.
	maxOpen = 20
	// maxOpenRequest bounds a request: maxOpen of the longest paths.
	maxOpenRequest = 128 << 10
	// openTimeout is for a shell that talks to its own loopback.
	openTimeout = 5 * time.Second
	// maxOpening bounds the requests at once.
	maxOpening = 8
)

// opener answers the command open of shells. It listens on the sandbox's own
// loopback, since that is what a script can reach, and believes who has the
// token of a terminal: it is in the environment of that terminal's programs, so
// that output of whatever origin opens nothing.
type opener struct {
	listener *net.TCPListener // nil: it could not listen
	key      [sha256.Size]byte
	places   places
	show     func(terminalID string, places []terminal.Place) bool
}

// newOpener listens. Where that is not possible there is none, and shells are
// told so when they ask.
func newOpener(home string) *opener {
	o := &opener{places: places{home}}
	rand.Read(o.key[:])
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err == nil {
		o.listener = listener
	}
	return o
}

// environment is what the programs of a terminal are given.
func (o *opener) environment(terminalID string) []string {
	if o.listener == nil {
		return nil
	}
	_, port, err := net.SplitHostPort(o.listener.Addr().String())
	if err != nil {
		panic(err) // it is an address of the kernel's
	}
	return []string{"LYCEUM_OPEN=" + strings.Join([]string{port, terminalID, o.token(terminalID)}, ":")}
}

func (o *opener) token(terminalID string) string {
	mac := hmac.New(sha256.New, o.key[:])
	mac.Write([]byte(terminalID))
	return hex.EncodeToString(mac.Sum(nil))
}

// run answers until ctx ends.
func (o *opener) run(ctx context.Context) {
	if o.listener == nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = o.listener.Close() })()
	var all sync.WaitGroup
	defer all.Wait()
	opening := make(chan struct{}, maxOpening)
	for {
		conn, err := o.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(time.Second) // no descriptors: they come back
			continue
		}
		opening <- struct{}{}
		all.Go(func() {
			defer func() { <-opening }()
			defer conn.Close()
			if conn.SetDeadline(time.Now().Add(openTimeout)) == nil {
				_, _ = io.WriteString(conn, o.answer(conn)) // whoever has left does not read it
			}
		})
	}
}

// answer carries out one request: texts, each ended by a zero byte: terminal and
// token, folder, how many names, the names. The first line of the answer is "ok"
// or "failed", the others are sentences.
func (o *opener) answer(conn io.Reader) string {
	r := bufio.NewReader(io.LimitReader(conn, maxOpenRequest))
	next := func() string {
		text, err := r.ReadBytes(0)
		if err != nil {
			return ""
		}
		return string(bytes.TrimSuffix(text, []byte{0}))
	}
	terminalID, token, _ := strings.Cut(next(), ":")
	if !hmac.Equal([]byte(token), []byte(o.token(terminalID))) {
		return "failed\nThis shell is not in a terminal of this project.\n"
	}
	folder := next()
	n, err := strconv.Atoi(next())
	if err != nil || n < 1 || n > maxOpen {
		return fmt.Sprintf("failed\nAt most %d files can be opened at once.\n", maxOpen)
	}
	var found []terminal.Place
	var sentences strings.Builder
	for range n {
		place, err := o.places.locate(folder, next())
		if err != nil {
			_, message := app.Public(err)
			fmt.Fprintln(&sentences, oneLine(message))
			continue
		}
		found = append(found, place)
	}
	status := "ok"
	if sentences.Len() > 0 {
		status = "failed"
	}
	if len(found) > 0 && !o.show(terminalID, found) {
		return "failed\nNobody has this terminal open in a page. Open it there and try again.\n"
	}
	return status + "\n" + sentences.String()
}

// oneLine makes text harmless to print: a name may hold anything.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
