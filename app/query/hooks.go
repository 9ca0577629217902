package query

import (
	"context"

	"lyceum/app"
	"lyceum/app/schema"
)

// Set is a checked and permitted set on its way to a Writer.
type Set struct {
	Table string
	Op    schema.Op // Create, Update or Delete
	ID    string    // primary key; "" where the writer makes it
	// Row is what the row becomes: given values, defaults and forced fields. Of
	// a Delete it is the row that goes.
	Row     app.Row
	Given   app.Row // what the client gave
	Request string  // request id, or ""
}

// Writer carries out the sets of a table whose Table.Writer says so. (W1 to W3)
//
// The caller is in the context. Its role has been checked and holds until Set
// returns, unless a change of roles waits: the context then ends, and nothing
// may be committed any more. Set returns after the row is durable, with the
// fields to answer; a repetition of a Request changes nothing and is answered
// again. It is called from any goroutine.
type Writer interface {
	Set(ctx context.Context, s Set) (app.Row, error)
}

// Source answers the gets of a virtual table. filter holds the equality leaves
// of the query; the caller is in the context and is a viewer of
// filter["project_id"], which is always there. Rows without a value for a
// filtered field are taken as matching.
type Source interface {
	Get(ctx context.Context, filter app.Row) ([]app.Row, error)
}

// Watcher is told who watches a table. Watched is called before the first rows
// are read, by a caller that may see them, with the equality leaves of the
// query; release is called once, when the watch has ended or the role is lost.
type Watcher interface {
	Watched(ctx context.Context, filter app.Row) (release func(), err error)
}
