// Package access knows who may see and do what.
//
// The Index holds in memory every role, sign-in, API key and administrator. It is
// fed by the store's own watch of their four tables, which calls before a
// write is acknowledged: when somebody is told that a collaborator is removed,
// every later question to the Index is answered so. Every send and every commit
// asks it (rule W5). Hold closes the gap between asking and committing:
// nothing is written under a role after the loss of that role has been
// acknowledged.
//
// While the tables are read for the first time, who asks waits; a server shows its
// pages meanwhile.
//
// Each server process has its own. A store that several share acknowledges a
// change that Concerns names when all of them have heard of it, and Settle has
// returned at the others. If the store says that changes may have been missed,
// the Index no longer knows, and gives nobody any role until it has read its
// tables again.
package access
