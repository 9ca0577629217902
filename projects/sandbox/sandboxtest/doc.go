// Package sandboxtest is the contract of a sandbox: what a process inside must
// not be able to do. Run tries it all, with a program written for it, in one
// mode; the numbers are those of the list of escapes in PROTOCOL.md.
//
// What a mode cannot keep is said in its table of exceptions, as the sandbox
// says it in its findings; an exception that is not needed any more fails too.
package sandboxtest
