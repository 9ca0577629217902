package yjs

import (
	"cmp"
	"slices"
)

// update is a decoded update: structs by client, and deletions.
type update struct {
	sections []section
	deletes  deleteSet
}

// section is a run of structs of one client without gaps (a Skip fills one).
type section struct {
	client uint64
	items  []*item // at least one
}

// parseUpdate decodes data and checks everything that can be checked without a
// document. What it returns shares memory with data.
func parseUpdate(data []byte) (*update, error) {
	d := decoder{data: data}
	u := &update{}
	n := d.count(4) // number of structs, client, clock, one byte of a struct
	if n > 0 {
		u.sections = make([]section, 0, min(n, 16))
	}
	ordered := true
	for ; n > 0 && d.err == nil; n-- {
		s := readSection(&d)
		if k := len(u.sections); k > 0 && u.sections[k-1].client <= s.client {
			ordered = false
		}
		u.sections = append(u.sections, s)
	}
	u.deletes = readDeleteSet(&d)
	if err := d.finish(); err != nil {
		return nil, err
	}
	if !ordered {
		u.order(&d)
	}
	return u, d.err
}

// order puts the highest client first, as Yjs writes it, and fails if one
// stands twice: browsers would forget the first section.
func (u *update) order(d *decoder) {
	sortSections(u.sections)
	for i := 1; i < len(u.sections); i++ {
		if u.sections[i].client == u.sections[i-1].client {
			d.fail("structs of client %d stand twice", u.sections[i].client)
		}
	}
}

func readSection(d *decoder) section {
	n := d.count(2)
	s := section{client: d.uint()}
	id := ID{s.client, d.uint()}
	if n == 0 {
		d.fail("no structs of client %d", s.client)
		return s
	}
	s.items = make([]*item, 0, n)
	var slab []item // items are made in groups: fewer and larger allocations
	for ; n > 0 && d.err == nil; n-- {
		if len(slab) == 0 {
			slab = make([]item, min(n, 32))
		}
		it := &slab[0]
		slab = slab[1:]
		it.id = id
		it.read(d)
		if it.length == 0 || it.length > maxClock || id.Clock > maxClock-it.length {
			d.fail("struct of %d units at clock %d", it.length, id.Clock)
		}
		id.Clock = it.end()
		s.items = append(s.items, it)
	}
	return s
}

// read reads the struct at it.id.
func (it *item) read(d *decoder) {
	info := d.byte()
	k := kind(info & infoKind)
	if k == kindGC || k == kindSkip {
		if info&^infoKind != 0 {
			d.fail("flags on a struct that has none")
		}
		it.content.kind, it.deleted = k, true
		it.length = d.uint()
		return
	}
	if info&infoOrigin != 0 {
		it.hasOrigin, it.origin = true, it.readNeighbour(d)
	}
	if info&infoRightOrigin != 0 {
		it.hasRightOrigin, it.rightOrigin = true, it.readNeighbour(d)
	}
	if !it.hasOrigin && !it.hasRightOrigin {
		it.readParent(d, info)
	} else if it.hasOrigin == it.hasRightOrigin && it.origin == it.rightOrigin {
		d.fail("struct stands before and after the same unit") // where depends on who reads it
	}
	it.content, it.length = readContent(d, k)
}

// readNeighbour reads an ID that the struct depends on. It must not be of the
// struct itself or later: browsers would look for what is not there yet, and
// throw.
func (it *item) readNeighbour(d *decoder) ID {
	id := d.id()
	if id.Client == it.id.Client && id.Clock >= it.id.Clock {
		d.fail("struct %d:%d refers to itself", id.Client, id.Clock)
	}
	if id.Clock >= maxClock {
		d.fail("clock %d is too large", id.Clock)
	}
	return id
}

func (it *item) readParent(d *decoder, info byte) {
	switch form := d.uint(); form {
	case 0:
		it.ref = &parentRef{nested: true, id: it.readNeighbour(d)}
	case 1:
		it.ref = &parentRef{root: string(d.text())}
	default:
		d.fail("unknown form of parent %d", form)
		return
	}
	if info&infoKey != 0 {
		key := string(d.text())
		it.key = &key
	}
}

// Validate says whether every browser could apply update to some document. It
// is stricter than Yjs where Yjs would lose or corrupt something without saying
// so. What depends on the document is checked by Doc.ApplyUpdate.
func Validate(update []byte) error {
	_, err := parseUpdate(update)
	return err
}

func sortSections(sections []section) {
	slices.SortFunc(sections, func(a, b section) int { return cmp.Compare(b.client, a.client) })
}
