package rethinkstore

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

// broken reports whether a connection cannot be used after an error: it may have
// an answer under way that nobody waits for.
func broken(err error) bool {
	if err == nil {
		return false
	}
	_, connection := errors.AsType[r.RQLConnectionError](err)
	_, driver := errors.AsType[r.RQLDriverError](err)
	_, network := errors.AsType[net.Error](err)
	return connection || driver || network ||
		errors.Is(err, r.ErrConnectionClosed) || errors.Is(err, r.ErrQueryTimeout) || errors.Is(err, r.ErrNoConnections) ||
		errors.Is(err, r.ErrInvalidNode) || errors.Is(err, io.EOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		strings.Contains(said(err), "closed") // the driver has some without a type
}

// said is what an error says without the query, which has words of its own.
func said(err error) string {
	text, _, _ := strings.Cut(err.Error(), " in:\n")
	return text
}

// passing reports whether an error may be gone at the next attempt: a connection
// was cut, a host or the primary of a table is away.
func passing(err error) bool {
	if err == nil || errors.Is(err, errClosed) || refused(err) {
		return false
	}
	_, unsent := errors.AsType[notSentError](err)
	return unsent || broken(err) || away(err)
}

// away reports whether the database said that it cannot do this now. What it was
// asked may have been done (RQLOpIndeterminateError) or not.
func away(err error) bool {
	if _, ok := errors.AsType[r.RQLOpIndeterminateError](err); ok {
		return true
	}
	if _, ok := errors.AsType[r.RQLOpFailedError](err); !ok {
		return false
	}
	return unavailable(said(err))
}

// unavailable reports whether a text of the database speaks of replicas: other
// operations that failed are mistakes, such as a table that does not exist.
func unavailable(text string) bool {
	for _, word := range []string{"primary replica", "replica", "majority", "not available", "unavailable", "lost contact", "disconnected"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// refused reports whether a host did not let us in: that will not pass.
func refused(err error) bool {
	if _, ok := errors.AsType[r.RQLAuthError](err); ok {
		return true
	}
	return err != nil && (tooOld(err) || forbidden(err) || untrusted(err))
}

// tooOld reports whether the server does not know the handshake of 2.3.
func tooOld(err error) bool {
	return strings.Contains(strings.ToLower(err.Error()), "unsupported protocol version")
}

// forbidden reports whether the database says that our user may not do this.
func forbidden(err error) bool {
	return strings.Contains(said(err), "permission")
}

// untrusted reports whether a host could not prove who it is. The driver keeps only
// the text.
func untrusted(err error) bool {
	return strings.Contains(err.Error(), "x509: ") || strings.Contains(err.Error(), "failed to verify certificate")
}

// ambiguous returns the name that several databases, or several tables, have if the
// database said so: nodes make them without asking each other.
func ambiguous(err error) (name string, ok bool) {
	text, _, ok := strings.Cut(said(err), "` is ambiguous")
	return text[strings.LastIndex(text, "`")+1:], ok
}

// explain gives an error of opening its sentence for an operator.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	o := s.options
	where := strings.Join(o.Hosts, ", ")
	_, auth := errors.AsType[r.RQLAuthError](err)
	_, unsent := errors.AsType[notSentError](err)
	double, twice := ambiguous(err)
	switch {
	case twice:
		return app.Explain(err, app.Unavailable, "RethinkDB has %s twice, as it may when two servers start at once on a new database. Stop them, let an administrator of RethinkDB drop one of the two by its id, which is in r.db(\"rethinkdb\").table(\"db_config\"), for a table in \"table_config\": ….get(ID).delete(), and start one server alone before the others.", double)
	case auth:
		return app.Explain(err, app.Denied, "The database at %s does not know the user %q with this password. Check the user in the address and the file of the password.", where, o.User)
	case tooOld(err):
		return app.Explain(err, app.Unavailable, "The database at %s is older than RethinkDB 2.3. Update it; 2.4 is what Lyceum is tested with.", where)
	case forbidden(err):
		return app.Explain(err, app.Denied, "The user %q may not do what Lyceum needs in the database %q. Let an administrator of RethinkDB run: r.db(%q).grant(%q, {read: true, write: true, config: true}).", o.User, o.Database, o.Database, o.User)
	case untrusted(err):
		return app.Explain(err, app.Unavailable, "The database at %s shows a certificate that is not to be believed. Check the file of the certificate authority, and that the certificate names this host.", where)
	case unsent:
		return app.Explain(err, app.Unavailable, "The database cannot be reached at %s. Check that RethinkDB runs there, that the port is the driver's (28015), and TLS.", where)
	case away(err):
		return app.Explain(err, app.Unavailable, "A table of the database %q has no primary replica that answers. Start the servers of the cluster that are away, or repair the table in RethinkDB: table.reconfigure({emergencyRepair: \"unsafe_rollback\"}).", o.Database)
	}
	return err
}

// errAway is the sentence while the database does not answer.
var errAway = app.Errorf(app.Unavailable, "The database cannot be reached at the moment. Please try again.")

// whileAway gives an error of a query its kind: when the database could not be
// asked, that is no fault of the program.
func whileAway(err error) error {
	if passing(err) && !errors.Is(err, context.Canceled) {
		return errors.Join(errAway, err)
	}
	if changed(err) {
		return errors.Join(errChanged, err)
	}
	return err
}
