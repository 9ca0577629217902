package yjs

import "sort"

// chunkSize is how many structs stand in one piece of a log. It bounds what an
// insertion in the middle moves, so that a document of a million structs cannot
// be made slow by splitting its oldest ones.
const chunkSize = 256

// clientLog is everything one client has made, in order of clock, without gaps.
type clientLog struct {
	client uint64
	end    uint64 // the next clock
	chunks [][]*item

	// before was end when transaction number touched began.
	before  uint64
	touched uint64
}

// place is where a struct stands in a log. It is valid until the log changes.
type place struct{ chunk, index int }

func (l *clientLog) at(p place) *item { return l.chunks[p.chunk][p.index] }

func (l *clientLog) last() place {
	c := len(l.chunks) - 1
	return place{c, len(l.chunks[c]) - 1}
}

func (l *clientLog) next(p place) (place, bool) {
	if p.index+1 < len(l.chunks[p.chunk]) {
		return place{p.chunk, p.index + 1}, true
	}
	if p.chunk+1 < len(l.chunks) {
		return place{p.chunk + 1, 0}, true
	}
	return p, false
}

func (l *clientLog) prev(p place) (place, bool) {
	if p.index > 0 {
		return place{p.chunk, p.index - 1}, true
	}
	if p.chunk > 0 {
		return place{p.chunk - 1, len(l.chunks[p.chunk-1]) - 1}, true
	}
	return p, false
}

// find returns the place of the struct that holds clock, which must be less
// than end.
func (l *clientLog) find(clock uint64) place {
	if p := l.last(); l.at(p).id.Clock <= clock {
		return p
	}
	c := sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i][0].id.Clock > clock }) - 1
	chunk := l.chunks[c]
	i := sort.Search(len(chunk), func(i int) bool { return chunk[i].id.Clock > clock }) - 1
	return place{c, i}
}

// push appends the struct that begins at end.
func (l *clientLog) push(it *item) {
	l.end = it.end()
	if n := len(l.chunks); n > 0 && len(l.chunks[n-1]) < chunkSize {
		l.chunks[n-1] = append(l.chunks[n-1], it)
		return
	}
	l.chunks = append(l.chunks, []*item{it})
}

// pop takes the last struct away.
func (l *clientLog) pop() {
	p := l.last()
	l.end = l.at(p).id.Clock
	l.remove(p)
}

// insert puts a struct after p. It does not change end.
func (l *clientLog) insert(p place, it *item) {
	chunk := append(l.chunks[p.chunk], nil)
	copy(chunk[p.index+2:], chunk[p.index+1:])
	chunk[p.index+1] = it
	l.chunks[p.chunk] = chunk
	if len(chunk) < 2*chunkSize {
		return
	}
	tail := append(make([]*item, 0, 2*chunkSize), chunk[chunkSize:]...)
	clear(chunk[chunkSize:])
	l.chunks[p.chunk] = chunk[:chunkSize]
	l.chunks = append(l.chunks, nil)
	copy(l.chunks[p.chunk+2:], l.chunks[p.chunk+1:])
	l.chunks[p.chunk+1] = tail
}

// remove takes the struct at p out. It does not change end.
func (l *clientLog) remove(p place) {
	chunk := l.chunks[p.chunk]
	copy(chunk[p.index:], chunk[p.index+1:])
	chunk[len(chunk)-1] = nil
	l.chunks[p.chunk] = chunk[:len(chunk)-1]
	if len(chunk) == 1 {
		copy(l.chunks[p.chunk:], l.chunks[p.chunk+1:])
		l.chunks[len(l.chunks)-1] = nil
		l.chunks = l.chunks[:len(l.chunks)-1]
	}
}

// join joins the struct at p with as many before it as possible. It returns
// where the result stands and how many structs disappeared. It appends from the
// left, for the content of a long run would otherwise be copied for each struct.
func (l *clientLog) join(p place) (place, int) {
	first, joined := p, 0
	for {
		q, ok := l.prev(first)
		if !ok || !l.at(q).joins(l.at(first)) {
			break
		}
		first = q
		joined++
	}
	if joined == 0 {
		return p, 0
	}
	left := l.at(first)
	for q, _ := l.next(first); ; q, _ = l.next(q) {
		left.absorb(l.at(q))
		if q == p {
			break
		}
	}
	for range joined {
		q, _ := l.prev(p)
		l.remove(p)
		p = q
	}
	return first, joined
}

// joinSince joins neighbours from the last struct back to the one that holds
// clock.
func (l *clientLog) joinSince(clock uint64) {
	for p, ok := l.last(), true; ok && l.at(p).end() > clock; p, ok = l.prev(p) {
		p, _ = l.join(p)
	}
}

// joinRange joins neighbours from the struct after clock end back to the one at
// clock start.
func (l *clientLog) joinRange(start, end uint64) {
	p := l.find(end - 1)
	if q, ok := l.next(p); ok {
		p = q
	}
	for ok := true; ok && l.at(p).id.Clock >= start; p, ok = l.prev(p) {
		p, _ = l.join(p)
	}
}

// joinAround joins the struct at clock with its neighbours.
func (l *clientLog) joinAround(clock uint64) {
	p := l.find(clock)
	if q, ok := l.next(p); ok {
		if _, joined := l.join(q); joined > 1 {
			return
		}
	}
	l.join(p)
}
