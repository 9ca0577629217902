package yjs

// Missing reports whether update depends on structs that neither the document
// nor the update itself has: ApplyUpdate would leave a part of it pending. The
// document is not changed. An update that cannot be decoded is an error.
func (d *Doc) Missing(update []byte) (bool, error) {
	u, err := parseUpdate(update)
	if err != nil {
		return false, err
	}
	ends := make(map[uint64]uint64, len(u.sections)) // of the clients in the update, once it is merged
	for _, s := range u.sections {
		end := d.state(s.client)
		for _, it := range s.items {
			if it.content.kind == kindSkip {
				continue
			}
			if it.id.Clock > end {
				return true, nil
			}
			end = max(end, it.end())
		}
		ends[s.client] = end
	}
	has := func(client, end uint64) bool {
		have, ok := ends[client]
		if !ok {
			have = d.state(client)
		}
		return end <= have
	}
	for _, s := range u.sections {
		for _, it := range s.items {
			if !it.neighboursIn(has) {
				return true, nil
			}
		}
	}
	for _, c := range u.deletes.clients {
		for _, span := range c.spans {
			if !has(c.client, span.end()) {
				return true, nil
			}
		}
	}
	return false, nil
}

// neighboursIn reports whether everything that the struct refers to is there.
func (it *item) neighboursIn(has func(client, end uint64) bool) bool {
	return (!it.hasOrigin || has(it.origin.Client, it.origin.Clock+1)) &&
		(!it.hasRightOrigin || has(it.rightOrigin.Client, it.rightOrigin.Clock+1)) &&
		(it.ref == nil || !it.ref.nested || has(it.ref.id.Client, it.ref.id.Clock+1))
}
