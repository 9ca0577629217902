// Package rethinkdbtest is a stand-in for the program rethinkdb, for tests of
// what runs it: it takes the same command line, says the same lines, locks its
// directory, ends by SIGTERM and takes a moment for it, and knows other nodes by
// their certificates. An option that it does not know, or that the real one would
// refuse, is an error.
//
// What it would keep on a disk is in a Disk, in the test's own process, so that a
// test may kill it: a rethinktest.Server, to whose nodes the stand-ins relay what
// drivers say. A Disk is found by a file in a folder above the directory.
//
// The options are those that RethinkDB 2.4 documents. That the real program
// behaves so is seen by running the same tests with it (make test-rethinkdb).
package rethinkdbtest
