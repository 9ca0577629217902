// Package copydb brings all rows of one store into another one and proves that
// they are the same.
//
// The target must be empty, or hold a copy of the same source that was broken
// off: it carries a mark from before its first row until after its last one was
// compared, and no server serves a database with that mark (migrate.Run). So a
// copy may be cut at any point and begun again; both sides are then walked
// through side by side in the order of ids, and only what differs is written.
//
// Rows and ids are the same in the target. Revisions and positions are not: they
// say in which order a store has written, no row holds one, and browsers that
// come back with one start anew (S4).
//
// When all is copied both sides are walked through once more and compared row by
// row. A difference then means that somebody writes, or that a store does not
// keep what it was given; the mark stays.
package copydb
