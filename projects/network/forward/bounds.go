package forward

import "time"

// Bounds are what one project may use of the network. A browser or a package
// manager opens some dozens of connections; a build some hundred.
type Bounds struct {
	Connections int // of TCP that are open
	HalfOpen    int // of TCP that are being dialled; further attempts wait for their repetition
	Sessions    int // of UDP
	Queries     int // of DNS that wait for an answer
	QueryRate   int // of DNS in a second; as many may come at once
	DialTime    time.Duration
	SessionIdle time.Duration // after which a session of UDP ends
	HalfClosed  time.Duration // after which a connection of which one side has ended, and that is silent, ends
	QueryTime   time.Duration // for one resolver to answer
	NamesFresh  time.Duration // how long the addresses of names in the allow list are believed
}

// DefaultBounds are those of a project.
var DefaultBounds = Bounds{
	Connections: 256,
	HalfOpen:    64,
	Sessions:    128,
	Queries:     64,
	QueryRate:   200,
	DialTime:    20 * time.Second, // a server that is far and loses packets
	SessionIdle: 2 * time.Minute,  // RFC 4787, 4.3
	HalfClosed:  5 * time.Minute,
	QueryTime:   3 * time.Second,
	NamesFresh:  5 * time.Second,
}

// Bounds of memory. A connection has a buffer in each direction in the stack and
// one of ours while bytes wait: with a peer that reads nothing some 400 KB, so that
// the most connections take half of what the sandbox gives a helper.
const (
	maxWindow    = 256 << 10 // of the stack, each direction
	startWindow  = 64 << 10  // one packet
	relayBuffer  = 64 << 10  // of ours, each direction
	maxDatagram  = 64 << 10
	maxQuery     = 4 << 10  // a question has one name
	maxAnswer    = 64 << 10 // the protocol's bound
	maxResolvers = 3        // as the C library
	maxNamed     = 32       // addresses of one name
)
