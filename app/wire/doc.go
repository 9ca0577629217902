// Package wire holds every message of the tables' socket, its two codecs, and
// its bounds.
//
// A message is a small struct with an op. It travels as CBOR (subprotocol
// lyceum.cbor, bytes as bytes) or as JSON (lyceum.json, bytes as
// {"$bytes": "base64"}); both carry the same. Messages of lyceum.cbor are
// numbered (Numbers), so that a loss on the way is noticed. What comes from outside is decoded
// under bounds of depth, size and count, and refused whole with a sentence: a
// decoder never panics and never allocates more than the input warrants. The
// TypeScript types are generated from these structs and from package schema.
package wire

//go:generate go test -run TestTypeScriptIsCurrent|TestGoldenMessages -update .
