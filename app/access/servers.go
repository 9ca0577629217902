package access

import (
	"context"

	"lyceum/app"
)

// Concerns reports whether every server on a database must have heard of a change
// before its writer goes on: whether somebody may do less, or something else, than
// before. (W5)
func Concerns(table string, old, new app.Row) bool {
	if old == nil {
		return false // nobody loses anything by what is new
	}
	switch table {
	case "accounts":
		was, _ := old["administrator"].(bool)
		is, _ := new["administrator"].(bool)
		return new == nil || was != is
	case "sessions":
		return new == nil || old["account_id"] != new["account_id"] || before(new["expires"], old["expires"])
	case "api_keys":
		return new == nil || old["account_id"] != new["account_id"] || old["project_id"] != new["project_id"] ||
			old["read_only"] != new["read_only"] || old["expires"] != new["expires"]
	case "projects":
		return len(changedRoles(old, new)) > 0
	}
	return false
}

// before compares times of a row; one that is missing is 0.
func before(a, b any) bool {
	x, _ := a.(int64)
	y, _ := b.(int64)
	return x < y
}

// changedRoles are the people of a project who have another role, or none any
// more.
func changedRoles(old, new app.Row) []string {
	var changed []string
	now := Users(new)
	for accountID, role := range Users(old) {
		if now[accountID] != role {
			changed = append(changed, accountID)
		}
	}
	return changed
}

// Settle returns when nothing is under way here that a change forbids which
// another server has written and of which the index has heard: writes in a project
// by people whose role was changed. It takes five seconds for each of them at most,
// as Change does, all at once.
func (x *Index) Settle(ctx context.Context, table string, c app.Change) {
	if table != "projects" {
		return
	}
	changed := changedRoles(c.Old, c.New)
	done := make(chan struct{}, len(changed))
	for _, accountID := range changed {
		go func() {
			defer func() { done <- struct{}{} }()
			if release, _, err := x.Change(ctx, c.ID, accountID); err == nil {
				release()
			}
		}()
	}
	for range changed {
		<-done
	}
}
