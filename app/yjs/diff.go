package yjs

// DiffUpdate returns what of update is new for a document with this state
// vector, without a document. All deletions stay.
func DiffUpdate(update, stateVector []byte) ([]byte, error) {
	u, err := parseUpdate(update)
	if err != nil {
		return nil, err
	}
	known, err := parseVector(stateVector)
	if err != nil {
		return nil, err
	}
	var w writer
	for _, s := range u.sections {
		clock, begun := known[s.client], false
		for _, it := range s.items {
			switch {
			case begun:
				w.write(it, 0)
			case it.content.kind != kindSkip && it.end() > clock:
				w.write(it, max(clock, it.id.Clock)-it.id.Clock)
				begun = true
			}
		}
	}
	return w.finish(&u.deletes), nil
}
