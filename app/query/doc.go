// Package query is the language of the tables: parse, permit, run, watch.
//
// A query is an object shaped like its answer. A get fills the nulls, a set
// merges into a row, a watch is a get that stays true. All three are checked
// against package schema and asked of package access, at the moment of every
// commit and of every send. Nothing here blocks a writer for the sake of a
// reader: a watch is a place in a stream, which equal watches share, and is asked
// for what comes next when its socket can take it. Rules Q, L and W of PROTOCOL.md;
// the tests carry their numbers.
package query
