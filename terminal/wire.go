package terminal

import "lyceum/terminal/pty"

// ClientMessage is a text frame from a viewer. Bytes typed are binary frames.
type ClientMessage struct {
	Op   string `json:"op"` // "size", "restart" or "find"
	Cols int    `json:"cols,omitempty"`
	Rows int    `json:"rows,omitempty"`
	// Find asks which files these names in the output mean: names of places as
	// programs print them, from the folder where the program works. ID comes back
	// with the answer.
	ID    int      `json:"id,omitempty"`
	Names []string `json:"names,omitempty"`
}

// Place is a file or a folder of the project, as a page opens it.
type Place struct {
	Path   string `json:"path"`             // from the home; "" is the home itself
	Line   int    `json:"line,omitempty"`   // from 1; 0 is none
	Column int    `json:"column,omitempty"` // from 1; 0 is none
	Folder bool   `json:"folder,omitempty"`
}

// Found answers "find": a place for each name, null for what is none.
type Found struct {
	Op     string   `json:"op"` // "found"
	ID     int      `json:"id"`
	Places []*Place `json:"places"`
}

// Open asks the page to open places: somebody has said so in the shell, and of
// all who look on this viewer typed last.
type Open struct {
	Op     string  `json:"op"` // "open"
	Places []Place `json:"places"`
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

// Was says for which size the bytes that follow were printed, among those that
// are old. What is new is of the size that SizeChange tells.
type Was struct {
	Op   string `json:"op"` // "was"
	Cols int    `json:"cols"`
	Rows int    `json:"rows"`
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
	CloseElsewhere = 4421 // another server has the project; the reason says which
)
