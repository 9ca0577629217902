package yjs

// writeStructs writes, for each entry of from, the structs from its clock on.
// It changes the order of from.
func (d *Doc) writeStructs(e *encoder, from []clientClock) {
	sortVector(from)
	e.uint(uint64(len(from)))
	for _, c := range from {
		l := d.log(c.client)
		p := l.find(c.clock)
		n := len(l.chunks[p.chunk]) - p.index
		for _, chunk := range l.chunks[p.chunk+1:] {
			n += len(chunk)
		}
		e.uint(uint64(n))
		e.uint(c.client)
		e.uint(c.clock)
		it := l.at(p)
		it.write(e, c.clock-it.id.Clock)
		for p, ok := l.next(p); ok; p, ok = l.next(p) {
			l.at(p).write(e, 0)
		}
	}
}

// deleteSet returns what is deleted in the whole document.
func (d *Doc) deleteSet() deleteSet {
	var ds deleteSet
	for client, l := range d.logs {
		var spans []span
		for _, chunk := range l.chunks {
			for _, it := range chunk {
				if !it.deleted {
					continue
				}
				if n := len(spans); n > 0 && spans[n-1].end() == it.id.Clock {
					spans[n-1].length += it.length
				} else {
					spans = append(spans, span{it.id.Clock, it.length})
				}
			}
		}
		if len(spans) > 0 {
			ds.clients = append(ds.clients, clientSpans{client, spans})
		}
	}
	return ds
}

// EncodeStateAsUpdate returns an update with everything that a document with
// this state vector lacks, all deletions, and what is pending. A nil vector is
// that of an empty document.
func (d *Doc) EncodeStateAsUpdate(stateVector []byte) ([]byte, error) {
	known, err := parseVector(stateVector)
	if err != nil {
		return nil, err
	}
	from := make([]clientClock, 0, len(d.logs))
	for client, l := range d.logs {
		if clock := known[client]; clock < l.end {
			from = append(from, clientClock{client, clock})
		}
	}
	var e encoder
	d.writeStructs(&e, from)
	ds := d.deleteSet()
	ds.write(&e)
	if !d.Pending() {
		return e.buf, nil
	}
	return d.mergePending(e.buf, known)
}
