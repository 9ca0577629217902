package wire

import "lyceum/app"

// Op says which message it is.
type Op string

// The ops.
const (
	OpHello  Op = "hello"
	OpAsk    Op = "ask"
	OpCancel Op = "cancel"
	OpPing   Op = "ping"
	OpAnswer Op = "answer"
	OpChange Op = "change"
	OpError  Op = "error"
	OpPong   Op = "pong"
)

// Message is one of the structs of this file.
type Message interface{ message() Op }

// ClientHello is the first message of a client.
type ClientHello struct {
	Version int64 `json:"version"`
}

// Ask is a get, a set or a watch; see package query.
type Ask struct {
	ID      int64   `json:"id"` // chosen by the client, unique while it is answered or watched
	Query   any     `json:"query"`
	Options app.Row `json:"options,omitempty"`
	Request string  `json:"request,omitempty"` // makes a repetition harmless (W3)
}

// Cancel ends a watch. Nothing more of it comes after the answer to a ping that
// follows.
type Cancel struct {
	ID int64 `json:"id"`
}

// Ping asks for a Pong.
type Ping struct{}

// ServerHello answers a ClientHello.
type ServerHello struct {
	Version      int64  `json:"version"`
	Server       string `json:"server"`
	AccountID    string `json:"account_id,omitempty"` // missing without a sign-in
	ConnectionID string `json:"connection_id"`
	PingEvery    int64  `json:"ping_every"` // milliseconds after which a client that has sent nothing pings
}

// Answer is the first answer to an Ask, and each new start of a watch.
type Answer struct {
	ID int64 `json:"id"`
	Result
}

// Result is what one query answers: rows for the list form, a row (or null) for
// the object form and for a set, answers for an array of queries.
type Result struct {
	Rows     []app.Row     `json:"rows,omitempty"`
	Row      app.Row       `json:"row,omitempty"`
	Answers  []Result      `json:"answers,omitempty"`
	Position *app.Position `json:"position,omitempty"` // of a watch; of a set: where its change is
	Cut      bool          `json:"cut,omitempty"`      // there are more rows than these (Q6)
	Start    bool          `json:"start,omitempty"`    // forget what you had: these are the rows (L4)
}

// Changes are what happened to the rows of a watch, in order.
type Changes struct {
	ID       int64        `json:"id"`
	Changes  []Change     `json:"changes"`
	Position app.Position `json:"position"`
}

// Change is what happened to one row. An insert has the row in new_val. An
// update has in new_val the key and the fields that changed, each whole, null
// if it is gone. A delete has the key in old_val. (L3)
type Change struct {
	Action string  `json:"action" oneof:"insert,update,delete"`
	NewVal app.Row `json:"new_val,omitempty"`
	OldVal app.Row `json:"old_val,omitempty"`
}

// Failure says why something was refused. A watch that gets one has ended.
type Failure struct {
	ID    int64 `json:"id,omitempty"` // missing if no message was understood
	Error Error `json:"error"`
}

// Error is an error as it is told.
type Error struct {
	Kind    app.Kind `json:"kind"`
	Message string   `json:"message"`         // a sentence for a person
	Index   *int64   `json:"index,omitempty"` // which query of an array
}

// Pong answers a Ping.
type Pong struct{}

func (ClientHello) message() Op { return OpHello }
func (Ask) message() Op         { return OpAsk }
func (Cancel) message() Op      { return OpCancel }
func (Ping) message() Op        { return OpPing }
func (ServerHello) message() Op { return OpHello }
func (Answer) message() Op      { return OpAnswer }
func (Changes) message() Op     { return OpChange }
func (Failure) message() Op     { return OpError }
func (Pong) message() Op        { return OpPong }
