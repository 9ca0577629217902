// Package stage is the inside half of the sandbox: what runs between the clone
// that the server makes and the exec of the agent.
//
// The server starts the agent's own program with the word "stage". Run reads a
// Plan from a pipe, builds the file system that the project sees, gives up
// every privilege, closes every descriptor that is not the agent's, and
// executes the agent as process 1. Whatever fails on the way is written to the
// ready pipe and the process ends: a sandbox is complete or there is none.
//
// It uses raw system calls of one locked thread and imports little but x/sys,
// because it is part of a program that each project runs.
package stage
