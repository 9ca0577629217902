// Package terminal keeps shells, their output, and those who watch.
//
// A shell never waits for a browser: its output goes into a ring of bytes with
// absolute offsets, and a viewer is an offset into it (T2, T3). So a reload
// continues where it was, any number of people see the same, and one that stalls
// delays nobody. Control messages stand in a viewer's stream exactly where they
// belong between the bytes.
//
// Sessions run inside the project's agent and outlive the server; the rules T1
// to T8 are in PROTOCOL.md.
package terminal

import "time"

const (
	// RingSize is how much output is kept for who comes back. It lies in a file,
	// so that it costs disk and page cache, not memory.
	RingSize = 16 << 20
	// spareSize is the ring in memory when the disk does not take the file.
	spareSize = 256 << 10
	// ReplaySize is how much a new screen gets of what was printed before: the
	// 100,000 lines that it keeps, at forty bytes each; half a second at the pace
	// that viewers have.
	ReplaySize = 4 << 20
	// checkpointEvery is the distance of offsets at which the modes are kept, so
	// that printing can begin there.
	checkpointEvery = 64 << 10

	// frameSize is the most that one binary frame carries.
	frameSize = 64 << 10
	// gatherTime is how long output is gathered after a small frame: a PTY gives 4 KB
	// at a time. The first frame after a pause leaves at once, so that an echo does
	// not wait. After a full frame it is fullTime, which with frameSize bounds what
	// a viewer gets to 8 MB/s, about what a browser can draw: twenty viewers of a
	// flood would otherwise take the processor from the shell. (T5)
	gatherTime = 3 * time.Millisecond
	fullTime   = 8 * time.Millisecond

	// TypingBound is how much may wait for a program that does not read, and so
	// the greatest paste. (T4)
	TypingBound = 1 << 20
	// typingChunk is written at once, so that an interrupt does not come after
	// a long paste.
	typingChunk = 4 << 10
	// controlBound is the longest text frame that is understood.
	controlBound = 4 << 10
	// maxNames is how many names a page may ask about at once: those of a few
	// lines on the screen.
	maxNames = 64
	// frameBound is the greatest frame whose end is waited for, to refuse it
	// with a sentence; beyond it the socket is closed (1009).
	frameBound = 256 << 20

	// MaxSessions bounds the terminals of a project where nothing else is said
	// (SetMax), below the 64 pseudo-terminals that its sandbox has then.
	MaxSessions = 50
	// MaxViewers bounds who watches one terminal: a class, each with a few tabs.
	MaxViewers = 200
	// maxNotes bounds the control messages that wait for a viewer that takes
	// none. One more and it is cut off; it comes back with its offset.
	maxNotes = 256

	// writeTimeout is how long one frame may take to leave. A viewer that cannot
	// take 64 KiB in this time is gone; it will come back with its offset.
	writeTimeout = 20 * time.Second
	// pingEvery finds out viewers that have left without a word; pongWait is two
	// lost pings and some.
	pingEvery = 20 * time.Second
	pongWait  = 50 * time.Second

	// nudgeTime is how long the size differs by a row so that programs draw
	// again: long enough for them to ask for it. nudgeEvery bounds how often.
	nudgeTime  = 50 * time.Millisecond
	nudgeEvery = time.Second

	// hangupTime is how long a shell has for its trap on SIGHUP before it is
	// killed; leaveTime how long viewers have to take the last bytes.
	hangupTime = 2 * time.Second
	leaveTime  = time.Second
)
