// Package live remembers what was committed lately, for those who watch.
//
// The changes of one table go into a Log: a list in memory, bounded in entries
// and bytes, in which a change stands under every topic that it concerns
// ("project_id=p1"). Who watches has no queue but a Reader: a position and some
// topics. A commit wakes the readers of its topics and no others, so it costs in
// proportion to who is concerned (L8); a slow reader delays nobody and makes
// nothing grow (L7): if what it has not read falls out of the log it is told to
// start anew (L4).
package live
