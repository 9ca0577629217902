package ordered

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"lyceum/app"
)

// Span is an interval of keys. From is in it, To is not; a nil To is unbounded.
type Span struct{ From, To []byte }

// Contains reports whether key is in the span.
func (s Span) Contains(key []byte) bool {
	return bytes.Compare(key, s.From) >= 0 && (s.To == nil || bytes.Compare(key, s.To) < 0)
}

// Span returns the keys that r asks for. Bounds do not look at types: numbers
// from 5 on are followed by all bytes and strings.
func (ix Index) Span(r app.Range) (Span, error) {
	if r.Unordered {
		return Span{}, fmt.Errorf("range of %s/%s: an index has an order", r.Table, ix.Name)
	}
	if len(r.Prefix) > ix.Len() || len(r.Prefix) == ix.Len() && (r.From != nil || r.To != nil) {
		return Span{}, fmt.Errorf("range of %s/%s: the index has only %d fields", r.Table, ix.Name, ix.Len())
	}
	prefix, err := Tuple(r.Prefix...)
	if err != nil {
		return Span{}, err
	}
	s := Span{From: prefix, To: after(prefix)}
	if r.From != nil {
		if s.From, err = Append(bytes.Clone(prefix), r.From.Value); err != nil {
			return Span{}, err
		}
		if r.From.Open {
			s.From = after(s.From)
		}
	}
	if r.To != nil {
		if s.To, err = Append(bytes.Clone(prefix), r.To.Value); err != nil {
			return Span{}, err
		}
		if !r.To.Open {
			s.To = after(s.To)
		}
	}
	return s, nil
}

// after returns the smallest key above all that begin with prefix; nil if there
// is none. A tag is never 0xFF, so there is one for all but the empty prefix.
func after(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			next := bytes.Clone(prefix[:i+1])
			next[i]++
			return next
		}
	}
	return nil
}

// IDSpan returns the ids that a range over the primary key asks for. Ids stand
// as they are, in the order of their bytes.
func IDSpan(r app.Range) (Span, error) {
	var s Span
	id := func(value any, above bool) []byte {
		v, ok := value.(string)
		if !ok {
			return nil
		}
		if above {
			v += "\x00" // nothing is between v and this
		}
		return append([]byte{}, v...)
	}
	switch {
	case r.Unordered && (len(r.Prefix) > 0 || r.From != nil || r.To != nil || r.Descending):
		return Span{}, fmt.Errorf("range of %s: what has no order has no bounds", r.Table)
	case len(r.Prefix) > 1 || len(r.Prefix) == 1 && (r.From != nil || r.To != nil):
		return Span{}, fmt.Errorf("range of %s: the primary key has only one field", r.Table)
	case len(r.Prefix) == 1:
		s = Span{From: id(r.Prefix[0], false), To: id(r.Prefix[0], true)}
		if s.From == nil {
			return Span{}, fmt.Errorf("range of %s: an id is a string, not %T", r.Table, r.Prefix[0])
		}
	}
	if r.From != nil {
		if s.From = id(r.From.Value, r.From.Open); s.From == nil {
			return Span{}, fmt.Errorf("range of %s: an id is a string, not %T", r.Table, r.From.Value)
		}
	}
	if r.To != nil {
		if s.To = id(r.To.Value, !r.To.Open); s.To == nil {
			return Span{}, fmt.Errorf("range of %s: an id is a string, not %T", r.Table, r.To.Value)
		}
	}
	return s, nil
}

// Place is where a row stands in an index: by key, rows of the same key by id.
// In the primary key the id is the key.
type Place struct {
	Key []byte
	ID  string
}

// Compare orders places.
func (p Place) Compare(q Place) int {
	if c := bytes.Compare(p.Key, q.Key); c != 0 {
		return c
	}
	return bytes.Compare([]byte(p.ID), []byte(q.ID))
}

// Cursor returns the place as app.Page.Next.
func (p Place) Cursor() []byte {
	b := binary.AppendUvarint(nil, uint64(len(p.Key)))
	return append(append(b, p.Key...), p.ID...)
}

var errCursor = errors.New("cursor: not one of this store")

// ParseCursor is the reverse of Cursor.
func ParseCursor(b []byte) (Place, error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return Place{}, errCursor
	}
	b = b[n:]
	return Place{Key: bytes.Clone(b[:size]), ID: string(b[size:])}, nil
}

// Limit returns how many records a page of r may have.
func Limit(r app.Range) (int, error) {
	switch {
	case r.Limit == 0:
		return app.MaxPage, nil
	case r.Limit < 0 || r.Limit > app.MaxPage:
		return 0, fmt.Errorf("range of %s: limit %d is not between 1 and %d", r.Table, r.Limit, app.MaxPage)
	}
	return r.Limit, nil
}
