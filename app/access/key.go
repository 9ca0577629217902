package access

import (
	"time"

	"lyceum/app"
)

// key is an API key: a part of what its account may do.
type key struct {
	account  string
	project  string // "" is every one
	readOnly bool
	expires  time.Time // zero: never
}

var errReadOnly = app.Errorf(app.Denied, "This API key may only read. Make one that may write in the settings of your account.")

func (x *Index) putKeyLocked(id string, row app.Row, who concerned) {
	old, was := x.keys[id]
	if row == nil {
		delete(x.keys, id)
	} else {
		x.keys[id] = keyOf(row)
	}
	if was && old != x.keys[id] {
		who.add(old.account)
	}
}

func keyOf(row app.Row) key {
	k := key{readOnly: true} // where the row does not say otherwise
	k.account, _ = row["account_id"].(string)
	k.project, _ = row["project_id"].(string)
	if readOnly, ok := row["read_only"].(bool); ok {
		k.readOnly = readOnly
	}
	if expires, ok := row["expires"].(int64); ok {
		k.expires = time.UnixMilli(expires)
	}
	return k
}

// keyLocked reports whether a caller's key holds, with the bounds that the caller
// has.
func (x *Index) keyLocked(c app.Caller) bool {
	k, ok := x.keys[c.KeyID]
	if !ok || x.lost || c.SessionID != "" || !k.expires.IsZero() && !time.Now().Before(k.expires) {
		return false
	}
	_, exists := x.accounts[k.account]
	return exists && k.account == c.AccountID && k.project == c.ProjectID && k.readOnly == c.ReadOnly
}

// Key returns the caller that an API key makes; ok is false if it was revoked or
// has expired.
func (x *Index) Key(id string) (c app.Caller, ok bool) {
	x.rlock()
	defer x.mu.RUnlock()
	k := x.keys[id]
	c = app.Caller{AccountID: k.account, KeyID: id, ProjectID: k.project, ReadOnly: k.readOnly}
	return c, x.keyLocked(c)
}
