// Package cluster says how the nodes of a RethinkDB cluster are, and spreads the
// tables of one database over them.
//
// It asks the database "rethinkdb", which only the user admin may read; for other
// users it says of each address whether a node answers there. Each call has a
// connection of its own to whichever node answers, and holds nothing between
// calls.
package cluster
