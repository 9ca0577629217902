package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

// Options say where the cluster is.
type Options struct {
	Hosts        []string // host:port; any one that answers will do
	Database     string
	User         string // "" is admin
	PasswordFile string // "" is no password
	TLS          bool
	CAFile       string // PEM; "" believes what the machine does
}

const (
	// dialPatience bounds connecting to one node, so that one that is away does not
	// keep the others from being asked.
	dialPatience = 3 * time.Second
	// askPatience bounds one question about the cluster, which takes some
	// milliseconds where all nodes are well.
	askPatience = 10 * time.Second
	// changePatience bounds one change of it: the nodes agree on it, and a table is
	// away meanwhile.
	changePatience = time.Minute
)

// connect opens a connection to the first node that answers.
func (o Options) connect(ctx context.Context) (*r.Session, error) {
	var errs []error
	for _, host := range o.Hosts {
		session, err := o.connectTo(ctx, host)
		if err == nil {
			return session, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", host, err))
	}
	return nil, app.Explain(errors.Join(errs...), app.Unavailable, "No node of the database answers at %s. Start one, or check the address and the password.", strings.Join(o.Hosts, ", "))
}

func (o Options) connectTo(ctx context.Context, host string) (*r.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	opts := r.ConnectOpts{
		Address: host, Username: o.User, MaxOpen: 1, InitialCap: 1, NumRetries: 1,
		Timeout: dialPatience, ReadTimeout: changePatience, WriteTimeout: askPatience,
	}
	if o.PasswordFile != "" {
		password, err := os.ReadFile(o.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read the password: %w", err)
		}
		opts.Password = strings.TrimSpace(string(password))
	}
	if o.TLS || o.CAFile != "" {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificate authority: %w", err)
		}
		opts.TLSConfig.RootCAs = x509.NewCertPool()
		opts.TLSConfig.RootCAs.AppendCertsFromPEM(pem)
	}
	return r.Connect(opts)
}

// all reads every answer of a query.
func all[T any](ctx context.Context, session *r.Session, term r.Term) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	cursor, err := term.Run(session, r.RunOpts{Context: ctx})
	if err != nil {
		return nil, err
	}
	var rows []T
	return rows, cursor.All(&rows)
}

func run(ctx context.Context, session *r.Session, term r.Term) error {
	ctx, cancel := context.WithTimeout(ctx, changePatience)
	defer cancel()
	_, err := term.RunWrite(session, r.RunOpts{Context: ctx})
	return err
}

// with calls fn with a connection of its own.
func (o Options) with(ctx context.Context, fn func(*r.Session) error) error {
	session, err := o.connect(ctx)
	if err != nil {
		return err
	}
	defer session.Close() // everything was answered by then
	return fn(session)
}

// system is a table of the cluster itself.
func system(name string) r.Term { return r.DB("rethinkdb").Table(name) }

// forbidden reports whether the database says that our user may not do this. The
// driver has no type for it.
func forbidden(err error) bool {
	if err == nil {
		return false
	}
	text, _, _ := strings.Cut(err.Error(), " in:\n") // the query
	return strings.Contains(text, "permission")
}

// refused makes a sentence of a right that is missing.
func refused(err error) error {
	if forbidden(err) {
		return app.Explain(err, app.Denied, "The user of the database may not do this. Use the user admin, with its password in --database-password-file.")
	}
	return err
}
