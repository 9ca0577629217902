package rethinkstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

// outcome is what a query left of one document.
type outcome struct {
	New   *document `json:"new_val"`
	Old   *document `json:"old_val"`
	Error string    `json:"error"`
}

// written is the answer to a query that writes.
type written struct {
	Changes    []outcome `json:"changes"`
	Errors     int       `json:"errors"`
	FirstError string    `json:"first_error"`
}

// writeOnce runs a query that writes and returns what became of each document, by
// primary key: those that it found, changed or not.
func (s *Store) writeOnce(ctx context.Context, term r.Term) (map[string]outcome, error) {
	var answer written
	err := s.pool.once(ctx, term, func(b []byte) error { return json.Unmarshal(b, &answer) })
	if err != nil {
		return nil, err
	}
	outcomes := make(map[string]outcome, len(answer.Changes))
	for _, o := range answer.Changes {
		if o.Error != "" {
			return nil, rowError(o.Error)
		}
		for _, d := range []*document{o.New, o.Old} {
			if d != nil {
				outcomes[d.ID] = o
				break
			}
		}
	}
	if answer.Errors > 0 {
		return nil, rowError(answer.FirstError)
	}
	return outcomes, nil
}

// rowError is what the database said of one row of several. Where a replica was
// away the whole query is asked again: the tags say which rows are done.
func rowError(text string) error {
	if unavailable(text) {
		return fmt.Errorf("%w: %s", errUnjudged, text)
	}
	return fmt.Errorf("database: %s", text)
}

// replaced runs a query that replaces one row under a condition, with
// ReturnChanges "always", and returns what stands there then. It may be sent twice.
func replaced[T any](ctx context.Context, s *Store, term r.Term) (now T, err error) {
	var answer struct {
		Changes []struct {
			New *T `json:"new_val"`
		} `json:"changes"`
		Errors     int    `json:"errors"`
		FirstError string `json:"first_error"`
	}
	err = s.pool.query(ctx, term, func() {}, func(b []byte) error { return json.Unmarshal(b, &answer) })
	switch {
	case err != nil:
		return now, err
	case answer.Errors > 0:
		return now, rowError(answer.FirstError)
	case len(answer.Changes) != 1 || answer.Changes[0].New == nil:
		return now, errors.New("database: it does not say what a row was replaced by")
	}
	return *answer.Changes[0].New, nil
}
