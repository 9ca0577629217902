package memstore

import (
	"context"
	"fmt"
	"slices"

	"lyceum/app"
	"lyceum/app/ordered"
)

// entries are sorted places without doubles. In the primary key a place has the
// id as its key and no ID.
type entries []ordered.Place

func (e *entries) insert(p ordered.Place) {
	if i, found := slices.BinarySearchFunc(*e, p, ordered.Place.Compare); !found {
		*e = slices.Insert(*e, i, p)
	}
}

func (e *entries) remove(p ordered.Place) {
	if i, found := slices.BinarySearchFunc(*e, p, ordered.Place.Compare); found {
		*e = slices.Delete(*e, i, i+1)
	}
}

// page returns up to limit places of a span that come after a place, if one is
// given, and whether there are more.
func (e entries) page(span ordered.Span, after *ordered.Place, descending bool, limit int) ([]ordered.Place, bool) {
	from, _ := slices.BinarySearchFunc(e, ordered.Place{Key: span.From}, ordered.Place.Compare)
	to := len(e)
	if span.To != nil {
		to, _ = slices.BinarySearchFunc(e, ordered.Place{Key: span.To}, ordered.Place.Compare)
	}
	if after != nil {
		i, found := slices.BinarySearchFunc(e, *after, ordered.Place.Compare)
		switch {
		case descending:
			to = min(to, i)
		case found:
			from = max(from, i+1)
		default:
			from = max(from, i)
		}
	}
	if from >= to {
		return nil, false
	}
	if !descending {
		return slices.Clone(e[from:min(to, from+limit)]), to-from > limit
	}
	places := slices.Clone(e[max(from, to-limit):to])
	slices.Reverse(places)
	return places, to-from > limit
}

// Read implements app.Store.
func (s *Store) Read(ctx context.Context, r app.Range) (app.Page, error) {
	t, err := s.begin(ctx, r.Table)
	if err != nil {
		return app.Page{}, fmt.Errorf("read %s: %w", r.Table, err)
	}
	var span ordered.Span
	list := &t.primary
	if r.Index == "" {
		span, err = ordered.IDSpan(r)
	} else {
		ix := t.index(r.Index)
		if ix == nil {
			return app.Page{}, fmt.Errorf("read %s: no index %q", r.Table, r.Index)
		}
		list = &ix.entries
		span, err = ix.Span(r)
	}
	if err != nil {
		return app.Page{}, err
	}
	limit, err := ordered.Limit(r)
	if err != nil {
		return app.Page{}, err
	}
	var after *ordered.Place
	if r.After != nil {
		place, err := ordered.ParseCursor(r.After)
		if err != nil {
			return app.Page{}, fmt.Errorf("read %s: %w", r.Table, err)
		}
		after = &place
	}
	return s.page(t, r, list, span, after, limit)
}

func (s *Store) page(t *table, r app.Range, list *entries, span ordered.Span, after *ordered.Place, limit int) (app.Page, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return app.Page{}, fmt.Errorf("read %s: %w", r.Table, errClosed)
	}
	places, more := list.page(span, after, r.Descending, limit)
	page := app.Page{Position: s.feed.Position(s.n)}
	for _, p := range places {
		id := p.ID
		if r.Index == "" {
			id = string(p.Key)
		}
		page.Records = append(page.Records, t.rows[id].Only(r.Fields))
	}
	if more {
		page.Next = places[len(places)-1].Cursor()
	}
	return page, nil
}
