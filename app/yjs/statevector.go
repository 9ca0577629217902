package yjs

import (
	"cmp"
	"slices"
)

// clientClock is an entry of a state vector: the next clock of a client.
type clientClock struct{ client, clock uint64 }

// sortVector puts the highest client first, as Yjs writes it.
func sortVector(v []clientClock) {
	slices.SortFunc(v, func(a, b clientClock) int { return cmp.Compare(b.client, a.client) })
}

func encodeVector(v []clientClock) []byte {
	var e encoder
	e.uint(uint64(len(v)))
	for _, c := range v {
		e.uint(c.client)
		e.uint(c.clock)
	}
	return e.buf
}

// parseVector reads a state vector; nil is the empty one.
func parseVector(data []byte) (map[uint64]uint64, error) {
	if data == nil {
		return nil, nil
	}
	d := decoder{data: data}
	v := make(map[uint64]uint64)
	for n := d.count(2); n > 0 && d.err == nil; n-- {
		client := d.uint()
		v[client] = d.uint()
	}
	return v, d.finish()
}

// StateVector returns how much of each client the document has. Another
// document's EncodeStateAsUpdate takes it and answers with the rest.
func (d *Doc) StateVector() []byte {
	v := make([]clientClock, 0, len(d.logs))
	for client, l := range d.logs {
		v = append(v, clientClock{client, l.end})
	}
	sortVector(v)
	return encodeVector(v)
}

// StateVectorFromUpdate returns the state vector that a document has which got
// only this update. A client whose first struct is missing is not in it.
func StateVectorFromUpdate(update []byte) ([]byte, error) {
	u, err := parseUpdate(update)
	if err != nil {
		return nil, err
	}
	var v []clientClock
	for _, s := range u.sections {
		if s.items[0].id.Clock != 0 {
			continue
		}
		clock := uint64(0)
		for _, it := range s.items {
			if it.content.kind == kindSkip {
				break
			}
			clock = it.end()
		}
		if clock > 0 {
			v = append(v, clientClock{s.client, clock})
		}
	}
	return encodeVector(v), nil
}
