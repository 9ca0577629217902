// Package embed holds what the executable carries: the built pages, each file
// compressed only, and the agent that runs in every project.
//
// Both are made by make build. A fresh clone has a short note in their place
// (about.txt), so that the module always compiles; Built and Agent say whether
// the real things are there.
package embed

//go:generate go run ./notices ..
