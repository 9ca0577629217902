// Package agent is the process inside a project's sandbox, and the server's
// client of it.
//
// One unix socket a project, in a folder that only the server can enter, carries
// one connection: a hello both ways, then streams (yamux), a stream a request
// (HTTP). The agent listens, so that the next server finds it after a restart;
// a server with a higher generation takes over from a lower one, so that a hung
// old server locks nobody out.
//
// Neither side trusts the other's lengths. The agent knows nothing of accounts
// and rights: the server has checked them.
package agent
