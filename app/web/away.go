package web

import (
	"errors"
	"net/http"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/wire"
)

// rolesPatience is how long a browser's request waits for a server that has just
// started to know who may what: longer than any start with a database that answers.
const rolesPatience = 5 * time.Second

// noDatabase is the reason of a connection's end while the database is away.
const noDatabase = "The server is there, but its database cannot be reached."

// askerUnknown reports whether a browser's request failed because nobody can say at
// the moment who sends it. Its connection is then opened and closed with the
// reason: what HTTP answers to one that is refused cannot be read there. A script
// can read it.
func askerUnknown(r *http.Request, err error) bool {
	_, script := bearer(r)
	kind, _ := app.Public(err)
	return !script && kind == app.Unavailable
}

// goodbye chooses the code that closes the connection of somebody whose sign-in
// does not hold, as err says.
func goodbye(err error) (code int, reason string) {
	if errors.Is(err, access.ErrLost) {
		return wire.CloseNoDatabase, noDatabase
	}
	_, reason = app.Public(err)
	return wire.CloseSignedOut, reason
}
