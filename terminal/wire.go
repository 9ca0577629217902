package terminal

import "lyceum/terminal/pty"

// ClientMessage is a text frame from a viewer. Bytes typed are binary frames.
type ClientMessage struct {
	Op   string `json:"op"` // "size" or "restart"
	Cols int    `json:"cols,omitempty"`
	Rows int    `json:"rows,omitempty"`
}

// Hello is the first frame to a viewer.
type Hello struct {
	Op   string `json:"op"`   // "hello"
	From int64  `json:"from"` // offset of the first byte that follows
	// Live is the offset where what is new begins: questions in bytes before it
	// have been answered or given up (T6).
	Live  int64 `json:"live"`
	Cols  int   `json:"cols"`
	Rows  int   `json:"rows"`
	Write bool  `json:"write"`
}

// Gap says that the bytes before From are lost to this viewer, or were left out
// because they are old. Modes resets the screen and brings it into the modes that
// the terminal has at From.
type Gap struct {
	Op    string `json:"op"` // "gap"
	From  int64  `json:"from"`
	Modes string `json:"modes"`
}

// SizeChange tells the terminal's size and whose it is (T7).
type SizeChange struct {
	Op   string `json:"op"` // "size"
	Cols int    `json:"cols"`
	Rows int    `json:"rows"`
	By   string `json:"by"`
	You  bool   `json:"you"`
}

// Answers says whether this viewer answers the program's questions from here on
// in its stream (T6).
type Answers struct {
	Op  string `json:"op"` // "answers"
	You bool   `json:"you"`
}

// Refused says that what was typed, or asked for, did not happen, and why.
type Refused struct {
	Op      string `json:"op"` // "refused"
	Message string `json:"message"`
}

// Exited says how the shell ended (T8). Exactly one of the three is set.
type Exited struct {
	Op     string `json:"op"` // "exit"
	Code   *int   `json:"code,omitempty"`
	Signal string `json:"signal,omitempty"`
	Reason string `json:"reason,omitempty"` // a sentence: it ended with its project
}

// Restarted says that another shell's output begins at From.
type Restarted struct {
	Op   string `json:"op"` // "restarted"
	From int64  `json:"from"`
}

func exited(e pty.Exit) Exited {
	if e.Signal != "" {
		return Exited{Op: "exit", Signal: e.Signal}
	}
	return Exited{Op: "exit", Code: &e.Code}
}

// Close codes of a viewer's socket, beside the protocol's own. 1001 says that
// the server is going: come back with from.
const (
	CloseSignedOut = 4401
	CloseDenied    = 4403
	CloseNotThere  = 4404 // no such terminal, or it has been ended
)
