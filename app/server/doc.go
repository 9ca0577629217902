// Package server puts the parts together: it opens what a server needs in the
// order in which the parts depend on each other, runs them, and stops them in
// the reverse order. It has no logic of its own but the operator's commands
// (doctor, admin link) and the glue between interfaces.
//
// The data directory holds
//
//	lyceum.db      all tables; locked by the one server that uses it
//	projects/      the files of projects
//	run/           sockets of agents, and admin.sock for the operator
package server
