// Package rethinktest is a server for tests that speaks RethinkDB's driver
// protocol and keeps its tables in memory. It is what the adapter's tests and
// the demos run against where no RethinkDB is at hand.
//
// Its truth are answers recorded on RethinkDB 2.4 (testdata): a test replays
// them. It is strict: a term, an optional argument or a message that it does not
// know is an error that names it, never a guess. Where RethinkDB promises no
// order, the order here is another one than that of the keys.
//
// # Known
//
// Handshake V1_0 with SCRAM-SHA-256, TLS; START, CONTINUE, STOP, NOREPLY_WAIT,
// SERVER_INFO. The terms are those of the tables in terms_*.go, each with its
// optional arguments; options of a query are in query.go.
//
// # Not known
//
// Geometry, dates beyond now and epoch, joins, groups, JavaScript, HTTP,
// outdated reads, the backfill of a replica, and the order of events within a
// node of the real server. A key that occurs twice in one row's multi index is
// kept twice, which the records do not show.
//
// # Faults
//
// Everything that a cluster does to its clients can be asked for: see the
// methods of Server.
package rethinktest
