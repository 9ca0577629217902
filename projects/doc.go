// Package projects starts and stops projects as rows ask.
//
// The Host is a client of the tables: somebody sets projects.action_request, the
// host writes started, carries it out while projects.state goes through its
// states, and writes finished or error. One goroutine at a time acts for a
// project; it reads the row, decides the next step (next, a pure function), does
// it and reads again, so that it can be stopped and continued anywhere, by
// another server too.
//
// Agents outlive the server. Each has a folder run/<8 hex digits> with its
// socket, its secret and what identifies its process; the next server finds
// them there and takes over with a higher generation. What cannot be taken over
// is ended.
package projects
