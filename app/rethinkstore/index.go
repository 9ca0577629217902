package rethinkstore

import (
	"context"
	"regexp"
	"strings"
)

// wanted is an index of the database: over a field, or over the list of entries
// at a path of two.
type wanted struct {
	name string
	path []string
}

// multi reports whether a row may stand in the index several times.
func (ix wanted) multi() bool { return len(ix.path) > 1 }

// patterns are indexes of metaTable, one for each length of a path. How the
// database describes an index is its own affair and may be another way after an
// update, so what an index must look like is not written down here: it is what
// the database says of its pattern, with the other names.
var patterns = []wanted{
	{"lyceum_pattern_field", []string{"lyceum_pattern_outer"}},
	{"lyceum_pattern_entries", []string{"lyceum_pattern_outer", "lyceum_pattern_inner"}},
}

// indexState is what the database says of an index.
type indexState struct {
	Index string
	Ready bool
	Multi bool
	Query string // its name, its function and its options, in JavaScript
}

func (s *Store) indexStates(ctx context.Context, table string) (map[string]indexState, error) {
	var list []indexState
	if err := s.ask(ctx, s.db().Table(table).IndexStatus(), &list); err != nil {
		return nil, err
	}
	states := make(map[string]indexState, len(list))
	for _, state := range list {
		states[state.Index] = state
	}
	return states, nil
}

// variable is one of a function: drivers number all that they have ever made.
var variable = regexp.MustCompile(`\b_?var\d+\b`)

// like reports whether the database describes the index as it does its pattern, so
// that it is of the same function.
func (ix wanted) like(models map[string]indexState, state indexState) bool {
	pattern := patterns[len(ix.path)-1]
	names := []string{pattern.name, ix.name}
	for i, name := range pattern.path {
		names = append(names, name, ix.path[i])
	}
	query := strings.NewReplacer(names...).Replace(models[pattern.name].Query)
	return variable.ReplaceAllString(query, "var") == variable.ReplaceAllString(state.Query, "var")
}

// ofItsFunction reports whether an index is of the function that it must be of. The
// patterns are remembered, since a feed that is opened must not wait for them, and
// asked for again before an index is refused. Where somebody has dropped the
// pattern, nothing is compared until a server starts, which makes it again.
func (s *Store) ofItsFunction(ctx context.Context, ix wanted, state indexState) (bool, error) {
	if models := s.models.Load(); models != nil && ix.like(*models, state) {
		return true, nil
	}
	models, err := s.indexStates(ctx, metaTable)
	if err != nil {
		return false, err
	}
	s.models.Store(&models)
	_, there := models[patterns[len(ix.path)-1].name]
	return !there || ix.like(models, state), nil
}
