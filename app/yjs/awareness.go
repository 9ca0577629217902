package yjs

import "encoding/json"

// AwarenessState is what one client says of itself: its cursor, its name. It
// replaces what the client said with a lower clock.
type AwarenessState struct {
	Client uint64
	Clock  uint64
	State  json.RawMessage // null when the client has gone
}

// Gone says whether the client has left.
func (s AwarenessState) Gone() bool { return len(s.State) == 0 || string(s.State) == "null" }

// EncodeAwareness returns states in the form of y-protocols.
func EncodeAwareness(states []AwarenessState) []byte {
	var e encoder
	e.uint(uint64(len(states)))
	for _, s := range states {
		e.uint(s.Client)
		e.uint(s.Clock)
		if s.Gone() {
			e.string("null")
		} else {
			e.bytes(s.State)
		}
	}
	return e.buf
}

// DecodeAwareness reads what EncodeAwareness or a browser wrote. The states do
// not share memory with data.
func DecodeAwareness(data []byte) ([]AwarenessState, error) {
	d := decoder{data: data}
	n := d.count(3)
	states := make([]AwarenessState, 0, min(n, 64))
	for ; n > 0 && d.err == nil; n-- {
		s := AwarenessState{Client: d.uint(), Clock: d.uint()}
		text := d.text()
		d.checkJSON(text)
		s.State = append(json.RawMessage(nil), text...)
		states = append(states, s)
	}
	if err := d.finish(); err != nil {
		return nil, err
	}
	return states, nil
}
