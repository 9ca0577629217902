package query

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"lyceum/app"
	"lyceum/app/schema"
)

// forcing is what the server fills in at a set. (Q8)
type forcing struct {
	caller    app.Caller
	name      string // of the caller's account
	now       int64
	request   string
	projectID string // of the document that the row names
}

// fill sets the forced fields of a row, and of its objects that the set has
// given. former is what the row was before the set, nil if there was none; made
// is true if the row, or the object, is new.
func (f forcing) fill(fields []schema.Field, row, former, given app.Row, made bool) {
	for i := range fields {
		field := &fields[i]
		if below, ok := given[field.Name].(app.Row); ok && field.Type == schema.Object {
			before, _ := former[field.Name].(app.Row)
			f.fill(field.Fields, row[field.Name].(app.Row), before, below, made || field.Fresh)
			continue
		}
		if v, ok := f.value(field, former[field.Name], made); ok {
			row[field.Name] = v
		}
	}
}

// value returns what a field is forced to be. A time of the clock is never before
// the one that it replaces: whoever sets the clock back does not reorder what
// people have done since.
func (f forcing) value(field *schema.Field, former any, made bool) (any, bool) {
	switch field.Force {
	case schema.ByClock:
		last, _ := former.(int64)
		return max(f.now, last), true
	case schema.ByName:
		return f.name, true
	case schema.ByRequest:
		return f.request, f.request != ""
	}
	if !made {
		return nil, false
	}
	switch field.Force {
	case schema.ByCaller:
		return f.caller.AccountID, true
	case schema.ByConnection:
		return f.caller.ConnectionID, true
	case schema.ByCreation:
		return f.now, true
	case schema.ByDocument:
		return f.projectID, true
	}
	return nil, false
}

func (e *Engine) forcing(c app.Caller, request, projectID string) forcing {
	return forcing{c, e.access.Name(c.AccountID), e.clock().UnixMilli(), request, projectID}
}

// derive returns an id that only this request of this account for this table
// gives: 26 characters, as app.NewID has. (Q7, W3)
func derive(accountID, table, request string) string {
	sum := sha256.Sum256([]byte(accountID + "\x00" + table + "\x00" + request))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

// requestMark is what a row keeps of a request. It names the account too, so
// that nobody can make another's request look as if it were done.
func requestMark(accountID, request string) string {
	return derive(accountID, schema.RequestIDs, request)[:16]
}

// done reports whether a row has seen a request. (W3)
func done(row app.Row, accountID, request string) bool {
	seen, _ := row[schema.RequestIDs].([]any)
	return request != "" && slices.Contains(seen, any(requestMark(accountID, request)))
}

// remember notes a request in a row that is about to be written.
func remember(t *schema.Table, row app.Row, accountID, request string) {
	if request == "" || t.Field(schema.RequestIDs) == nil {
		return
	}
	seen, _ := row[schema.RequestIDs].([]any)
	seen = append(slices.Clone(seen), requestMark(accountID, request))
	row[schema.RequestIDs] = seen[max(0, len(seen)-schema.MaxRequestIDs):]
}
