package access_test

import (
	"testing"

	"lyceum/app"
	"lyceum/app/access"
)

// A change that takes something from somebody is waited for on every server; a
// sign-in, or a new title, must not cost that.
func TestW5OtherServersAreAskedWhereSomebodyLosesSomething(t *testing.T) {
	people := func(role string) app.Row {
		return app.Row{"title": "x", "users": app.Row{"ada": app.Row{"role": role}}}
	}
	tests := []struct {
		name, table string
		old, new    app.Row
		want        bool
	}{
		{"sign-in", "sessions", nil, app.Row{"account_id": "ada", "expires": int64(5)}, false},
		{"sign-in that lasts longer", "sessions", app.Row{"account_id": "ada", "expires": int64(5)}, app.Row{"account_id": "ada", "expires": int64(9)}, false},
		{"sign-in that is cut short", "sessions", app.Row{"account_id": "ada", "expires": int64(5)}, app.Row{"account_id": "ada", "expires": int64(4)}, true},
		{"sign-out", "sessions", app.Row{"account_id": "ada", "expires": int64(5)}, nil, true},
		{"no administrator any more", "accounts", app.Row{"administrator": true}, app.Row{"name": "Ada"}, true},
		{"another name", "accounts", app.Row{"name": "Ada"}, app.Row{"name": "Ada L."}, false},
		{"account removed", "accounts", app.Row{"name": "Ada"}, nil, true},
		{"key that may only read now", "api_keys", app.Row{"account_id": "ada"}, app.Row{"account_id": "ada", "read_only": true}, true},
		{"key that was used", "api_keys", app.Row{"account_id": "ada"}, app.Row{"account_id": "ada", "last_used": int64(5)}, false},
		{"key removed", "api_keys", app.Row{"account_id": "ada"}, nil, true},
		{"collaborator removed", "projects", people("editor"), app.Row{"title": "x"}, true},
		{"less of a role", "projects", people("editor"), people("viewer"), true},
		{"project removed", "projects", people("editor"), nil, true},
		{"another title", "projects", people("editor"), app.Row{"title": "y", "users": app.Row{"ada": app.Row{"role": "editor"}}}, false},
		{"collaborator added", "projects", app.Row{"title": "x"}, people("editor"), false},
		{"a document", "documents", app.Row{"x": true}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := access.Concerns(tt.table, tt.old, tt.new); got != tt.want {
				t.Errorf("concerns: %t, want %t", got, tt.want)
			}
		})
	}
}
