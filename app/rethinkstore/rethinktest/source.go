package rethinktest

import (
	"cmp"
	"slices"
)

// A source is the rows of a table that a query reads: a range of an index, or
// some keys of it.
type source struct {
	table    *table
	index    string // "" is the primary one
	keys     []string
	byKeys   bool
	lower    edge
	upper    edge
	bounded  bool // by between
	order    int  // 1 and -1: by the index, up and down; 0: as it comes
	majority bool
}

// wholeTable is all rows, as they come.
func wholeTable(t *tableValue) *source {
	return &source{table: t.table, lower: edge{key: string([]byte{tagMin})}, upper: edge{key: string([]byte{tagMax}), after: true}, majority: t.majority}
}

// usesPrimary reports whether the index is the one of the primary key.
func (s *source) usesPrimary() bool { return s.index == "" || s.index == s.table.primaryKey }

// times is how often a row is in the source: a key that was given twice, or two
// keys of a multi index, show it twice. The caller holds the table's mutex.
func (s *source) times(r *row) int {
	if r == nil {
		return 0
	}
	var keys []string
	if s.usesPrimary() {
		keys = []string{r.key}
	} else if ix := s.table.indexes[s.index]; ix != nil { // a feed over an index that is not there is silent (149)
		keys = s.table.keysOf(ix, r.value)
	}
	n := 0
	for _, key := range keys {
		if !s.byKeys {
			if s.upper.below(key) && !s.lower.below(key) {
				n++
			}
			continue
		}
		for _, wanted := range s.keys {
			if wanted == key {
				n++
			}
		}
	}
	return n
}

// rows reads at most limit rows, or all when limit is negative.
func (s *source) rows(e *env, limit int) ([]*row, error) {
	t := s.table
	if err := e.allowed(t, "read"); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.majority || e.opts.majority {
		if err := t.pending(e.ctx); err != nil {
			return nil, err
		}
	}
	if err := t.usable("read"); err != nil {
		return nil, err
	}
	return s.locked(limit)
}

// locked is rows for a caller that holds the table's mutex.
func (s *source) locked(limit int) ([]*row, error) {
	all := s.table.primary
	if !s.usesPrimary() {
		ix, err := s.table.readable(s.index)
		if err != nil {
			return nil, err
		}
		all = ix.entries
	}
	if s.byKeys {
		var rows []*row
		for _, key := range s.keys {
			rows = append(rows, s.cut(all.between(edge{key: key}, edge{key: key, after: true}), -1)...)
		}
		return rows, nil
	}
	return s.cut(all.between(s.lower, s.upper), limit), nil
}

// cut are the first rows of some entries in the order of the source.
func (s *source) cut(es entries, limit int) []*row {
	rows := make([]*row, 0, len(es))
	if s.order != 0 && limit >= 0 && limit < len(es) {
		if s.order > 0 {
			es = es[:limit]
		} else {
			es = es[len(es)-limit:]
		}
	}
	for _, e := range es {
		rows = append(rows, s.table.rows[e.row])
	}
	switch {
	case s.order < 0:
		slices.Reverse(rows)
	case s.order == 0:
		slices.SortStableFunc(rows, byHash)
	}
	return rows
}

// byHash is the order of what has none.
func byHash(a, b *row) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.key, b.key))
}
