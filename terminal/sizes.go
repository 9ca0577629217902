package terminal

import (
	"cmp"
	"slices"

	"lyceum/terminal/pty"
)

// maxSizes is how many changes of the size are remembered: who comes later puts
// every line that is kept in order again for each of them.
const maxSizes = 32

// sizeAt is the size for which the bytes from an offset on were printed.
type sizeAt struct {
	at   int64
	size pty.Size
}

// sizes are the newest, with rising offsets. The first one stands also for what
// is before it.
type sizes []sizeAt

// with returns s and one more, in place of one for which nothing was printed.
func (s sizes) with(at int64, size pty.Size) sizes {
	if n := len(s); n > 0 && s[n-1].at == at {
		s = s[:n-1]
	}
	if n := len(s); n > 0 && s[n-1].size == size {
		return s
	}
	s = append(s, sizeAt{at, size})
	return s[max(0, len(s)-maxSizes):]
}

// between returns for which sizes the bytes from one offset to another were
// printed, the first at from; none if all were printed for size now.
func (s sizes) between(from, to int64, now pty.Size) sizes {
	var found sizes
	for _, one := range s {
		one.at = max(one.at, from)
		if one.at < to || len(found) == 0 {
			found = found.with(one.at, one.size)
		}
	}
	if len(found) > 0 {
		found[0].at = from
	}
	if from >= to || len(found) == 0 || len(found) == 1 && found[0].size == now {
		return nil
	}
	return found
}

// tellPastLocked puts into v's stream for which sizes the bytes up to end were
// printed. A line that was edited comes out as it was only at its own width. (T6)
func (s *session) tellPastLocked(v *viewer, end int64) {
	for _, one := range s.sizes.between(v.off, end, s.size) {
		v.notes = append(v.notes, note{at: one.at, frame: encode(Was{Op: "was", Cols: one.size.Cols, Rows: one.size.Rows})})
	}
	slices.SortStableFunc(v.notes, func(a, b note) int { return cmp.Compare(a.at, b.at) })
}
