package yjs

// writer writes structs in order of client and clock without a document. The
// number of structs of a client stands before them and is known after them, so
// they are kept until finish.
type writer struct {
	body     encoder
	sections []written
}

type written struct {
	client  uint64
	structs int
	end     int // in body
}

// write writes a struct from unit offset on.
func (w *writer) write(it *item, offset uint64) {
	n := len(w.sections)
	if n == 0 || w.sections[n-1].client != it.id.Client {
		w.sections = append(w.sections, written{client: it.id.Client})
		n++
		w.body.uint(it.id.Client)
		w.body.uint(it.id.Clock + offset)
	}
	it.write(&w.body, offset)
	w.sections[n-1].structs++
	w.sections[n-1].end = len(w.body.buf)
}

func (w *writer) finish(ds *deleteSet) []byte {
	e := encoder{buf: make([]byte, 0, len(w.body.buf)+len(w.body.buf)/8+16)}
	e.uint(uint64(len(w.sections)))
	start := 0
	for _, s := range w.sections {
		e.uint(uint64(s.structs))
		e.buf = append(e.buf, w.body.buf[start:s.end]...)
		start = s.end
	}
	ds.write(&e)
	return e.buf
}
