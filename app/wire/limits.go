package wire

import "time"

// Version is that of the messages; a client that speaks another is told to
// reload.
const Version = 2

// Names of the two subprotocols.
const (
	ProtocolCBOR = "lyceum.cbor"
	ProtocolJSON = "lyceum.json"
)

// Codes with which the server ends a connection, beside those of WebSockets.
const (
	// CloseSignedOut: the session has ended.
	CloseSignedOut = 4401
	// CloseVersion: the page is of another version.
	CloseVersion = 4426
	// CloseLost: a message has not come, or has come twice. What came after it
	// has not been looked at.
	CloseLost = 4409
	// CloseNoDatabase: the server is there, but its database is not, so that it
	// does not know who asks. A browser cannot read an answer of HTTP that says so.
	CloseNoDatabase = 4503
)

// StreamType is the content type of both directions of a stream: messages of
// lyceum.cbor over HTTP.
const StreamType = "application/vnd.lyceum.cbor"

// Bounds of the tables' socket.
const (
	// MaxMessage is how many bytes one message may have: the greatest update of
	// a document (1 MiB) in base64, with room to spare.
	MaxMessage = 4 << 20
	// MaxAnswer is how many bytes one answer may have: the state of the greatest
	// document that opens (64 MiB), and no list comes near it.
	MaxAnswer = 72 << 20
	// MaxAsks is how many questions of one connection may be unanswered: more
	// than a page asks when it opens, too few to occupy the server.
	MaxAsks = 64
	// MaxSubscriptions is how many watches one connection may have: ten times
	// what the fullest page watches.
	MaxSubscriptions = 1000
	// MaxDepth is how deep values may nest: an array of queries with a filter in
	// the deepest field of a table has 12 levels.
	MaxDepth = 20
	// MaxItems is how many entries one list or map may have: a folder's listing.
	MaxItems = 20_000
	// MaxRequest is how long a request id may be; ours have 26 characters.
	MaxRequest = 64
	// PingEvery is how often each side shows that it is alive, unless the
	// operator wants otherwise. Proxies close what is silent for a minute.
	PingEvery = 25 * time.Second
)
