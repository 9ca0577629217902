package agent

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/libp2p/go-yamux/v5"
)

// Version is that of the protocol between server and agent. It is raised, once
// for each release, when one side asks what the other did not know before:
//
//  1. files and terminals
//  2. limits, use and activity; what is left of terminals
//
// An agent outlives the server, so that a server meets agents of the versions
// before its own and, when somebody goes back to an older server, after it.
const Version = 2

// oldestVersion is the oldest that this version can speak with, as an agent with
// servers and as a server with agents. What an older agent does not know it
// answers with ErrOld.
const oldestVersion = 1

// Bounds of a connection.
const (
	// maxHello is far above the few fields of a hello.
	maxHello = 4 << 10
	// helloTimeout is for an agent that is busy, not one that is far.
	helloTimeout = 5 * time.Second
	// maxServerStreams is what a server may have open in one agent: each viewer
	// of each terminal, each transfer and each watch is one.
	maxServerStreams = 1024
	// streamWindow bounds what waits unread in one stream, in bytes. It is the
	// least that yamux allows for the beginning, and enough for a socket of the
	// same machine.
	streamWindow = 1 << 20
	// noStreams is what an agent may open: it answers, it never asks.
	noStreams = 0
	// hangCheck is how often a server asks an idle agent whether it is alive. A
	// request that is not answered shows it sooner.
	hangCheck = 2 * time.Minute
	// maxHeaderBytes bounds the header of a request or an answer.
	maxHeaderBytes = 64 << 10
)

// Hello is the first message of both sides.
type Hello struct {
	Version int `json:"version"`
	// Oldest is the oldest version that this side can speak with; absent in
	// version 1.
	Oldest  int    `json:"oldest,omitempty"`
	Project string `json:"project"`
	Secret  string `json:"secret"`
	// Generation counts the starts of servers on one data directory.
	Generation int64  `json:"generation"`
	Error      string `json:"error,omitempty"` // why the agent refuses
}

// same reports whether both know the same project and secret, in a time that
// does not tell how much of it is right.
func (h Hello) same(other Hello) bool {
	return h.Project == other.Project && h.Secret != "" &&
		subtle.ConstantTimeCompare([]byte(h.Secret), []byte(other.Secret)) == 1
}

// speaks reports whether this version and the other side have a language in
// common.
func (h Hello) speaks() bool {
	return h.Version >= oldestVersion && (h.Version <= Version || h.Oldest > 0 && h.Oldest <= Version)
}

// Config is what the agent has to know at its start; it comes through a pipe.
type Config struct {
	Project string `json:"project"`
	Secret  string `json:"secret"`
	Home    string `json:"home"`    // absolute, as the agent sees it
	Scratch string `json:"scratch"` // for files without a name
	// Terminals is how many there may be until PUT /limits says more; 0 is the
	// terminals' own bound.
	Terminals int `json:"terminals,omitempty"`
}

func writeHello(w io.Writer, h Hello) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	_, err = w.Write(append(frame, data...))
	return err
}

func readHello(r io.Reader) (Hello, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return Hello{}, fmt.Errorf("read a hello: %w", err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxHello {
		return Hello{}, fmt.Errorf("a hello of %d bytes, at most %d", n, maxHello)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return Hello{}, fmt.Errorf("read a hello: %w", err)
	}
	var h Hello
	if err := json.Unmarshal(data, &h); err != nil {
		return Hello{}, fmt.Errorf("decode a hello: %w", err)
	}
	return h, nil
}

// streams is the configuration of both ends; incoming is how many streams the
// other side may open.
func streams(incoming uint32) *yamux.Config {
	c := yamux.DefaultConfig()
	c.MaxIncomingStreams = incoming
	c.AcceptBacklog = 64
	c.MaxStreamWindowSize = streamWindow
	c.LogOutput = io.Discard
	// Two hundred idle projects are to be idle. An end that dies closes its socket;
	// the server asks only whether an agent hangs. On a socket of the same machine
	// there is no round trip to be measured.
	c.EnableKeepAlive = incoming == noStreams
	c.KeepAliveInterval = hangCheck
	c.MeasureRTTInterval = 24 * time.Hour
	return c
}

// discard is for parts that want a logger and have nothing an operator needs.
var discard = slog.New(slog.DiscardHandler)
