package document

import "lyceum/app"

// maxState is the size of a document's state in bytes: text, what is noted of
// deleted text, and whatever else updates may bring along. It has to travel in
// one answer, in base64 too.
const maxState = 48 << 20

// gauge is an upper bound of a size. To measure is slow, so it is done only when
// a limit would be passed.
type gauge struct {
	atMost int
	exact  bool
}

// fits reports whether size bytes more stay within a limit.
func (g *gauge) fits(size, limit int, measure func() int) bool {
	if g.atMost+size > limit && !g.exact {
		g.atMost, g.exact = measure(), true
	}
	return g.atMost+size <= limit
}

// grown notes that so many bytes were merged. Each may be a line end, which is
// two bytes in some files.
func (c *core) grown(size int) {
	c.textSize = gauge{atMost: c.textSize.atMost + 2*size}
	c.stateSize = gauge{atMost: c.stateSize.atMost + size}
}

// hasRoom says why an update of this size is too large for the document: its
// file could not be read again, or its state not be sent.
func (c *core) hasRoom(size int, crlf bool) error {
	text := func() int { return len(toData(c.text(), crlf)) }
	state := func() int {
		data, err := c.doc.EncodeStateAsUpdate(nil)
		if err != nil { // without a state vector there is nothing to refuse
			return maxState
		}
		return len(data)
	}
	if !c.textSize.fits(size, MaxText, text) || !c.stateSize.fits(size, maxState, state) {
		return app.Errorf(app.TooLarge, "A document holds at most %d MiB. Split it, or put the text into a file.", MaxText>>20)
	}
	return nil
}

// onlyDeletes reports whether an update, which was checked, brings nothing new:
// it begins with the number of clients whose content it has.
func onlyDeletes(update []byte) bool { return update[0] == 0 }
