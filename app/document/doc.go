// Package document keeps open files: rooms in which people, and the disk of the
// project, edit one text at the same time.
//
// A document is a Yjs document whose updates are rows of the table patches. A
// push is decoded and checked, its row is committed, and only then it is merged
// and acknowledged (D2); readers get it from the table. The room saves the text
// to the file a second after the last edit and takes what a program in the
// project wrote there as an edit of the project (D8, D9). What decides is the
// type core, which touches nothing; one goroutine a room acts.
//
// Whatever fails or cannot be known closes the room. It is loaded again from
// its rows, and the tabs send again what was not acknowledged. The numbered
// rules D1 to D12 are in PROTOCOL.md.
package document
