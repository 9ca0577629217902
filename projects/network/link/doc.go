// Package link makes a project's network interface and asks the kernel where an
// address lies. It uses raw system calls, because part of it runs in the stage
// that builds a sandbox.
package link
