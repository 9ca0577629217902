// Package embed holds what the executable carries: the built pages, each file
// compressed only, the agent that runs in every project, the helper that carries
// the connections of one with a network, and a RethinkDB where make bundle was
// given one.
//
// They are made by make build. A fresh clone has a short note in their place
// (about.txt), so that the module always compiles; Pages, Agent and Network say
// whether the real things are there.
package embed

//go:generate go run ./notices ..
