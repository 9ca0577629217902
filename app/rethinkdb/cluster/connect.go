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
	// dialPatience bounds connecting to one node with its handshake, which takes some
	// milliseconds; a node that takes connections and says nothing is away.
	dialPatience = 3 * time.Second
	// askPatience bounds one question about the cluster, which takes some
	// milliseconds where all nodes are well, and until the nodes have given up one
	// that went silent where not.
	askPatience = 10 * time.Second
	// changePatience bounds one change of it: the nodes agree on it, and a table is
	// away meanwhile.
	changePatience = time.Minute
)

// connect opens a connection to the node that answers first. All are asked at once,
// so that one that is away does not keep the others from being asked.
func (o Options) connect(ctx context.Context) (*r.Session, error) {
	opts, err := o.driver()
	if err != nil {
		return nil, err
	}
	dialing, stop := context.WithCancel(ctx)
	defer stop()
	answers := make(chan answer, len(o.Hosts))
	for _, host := range o.Hosts {
		go func() { answers <- dial(dialing, opts, host) }()
	}
	var first *r.Session
	var errs []error
	for range o.Hosts {
		switch a := <-answers; {
		case a.err != nil:
			errs = append(errs, a.err)
		case first == nil:
			first = a.session
			stop()
		default:
			_ = a.session.Close() // another was first
		}
	}
	if first != nil {
		return first, nil
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return nil, err
	}
	return nil, app.Explain(errors.Join(errs...), app.Unavailable, "No node of the database answers at %s. Start one, or check the address and the password.", strings.Join(o.Hosts, ", "))
}

// driver says how to connect, but for the address. The files that are named are read
// here, so that one that cannot be read is not taken for a node that is away.
func (o Options) driver() (r.ConnectOpts, error) {
	opts := r.ConnectOpts{
		Username: o.User, MaxOpen: 1, InitialCap: 1, NumRetries: 1, Timeout: dialPatience,
		// For how long the driver waits when it stops a query that nobody waits for any
		// more. Queries have bounds of their own.
		ReadTimeout: dialPatience, WriteTimeout: dialPatience,
	}
	if o.PasswordFile != "" {
		password, err := os.ReadFile(o.PasswordFile)
		if err != nil {
			return opts, app.Explain(err, app.Invalid, "The file with the database's password cannot be read. Check its name and who may read it.")
		}
		opts.Password = strings.TrimSpace(string(password))
	}
	if o.TLS || o.CAFile != "" {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return opts, app.Explain(err, app.Invalid, "The file with the certificate authority of the database cannot be read. Check its name and who may read it.")
		}
		opts.TLSConfig.RootCAs = x509.NewCertPool()
		if !opts.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
			return opts, app.Errorf(app.Invalid, "The file with the certificate authority of the database holds no certificate; it must be in PEM form.")
		}
	}
	return opts, nil
}

// answer is what became of asking a node for a connection.
type answer struct {
	session *r.Session
	err     error
}

// dial opens a connection to one node, for at most dialPatience. The driver heeds
// no context in its handshake, so that goes on by itself when it takes too long,
// and what comes of it is closed.
func dial(ctx context.Context, opts r.ConnectOpts, host string) answer {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	opts.Address = host
	answers := make(chan answer)
	go func() {
		session, err := r.Connect(opts)
		select {
		case answers <- answer{session, err}:
		case <-ctx.Done():
			if err == nil {
				_ = session.Close() // nobody has taken it, or will use it
			}
		}
	}()
	var a answer
	select {
	case a = <-answers:
	case <-ctx.Done():
		a.err = ctx.Err()
	}
	if a.err != nil {
		a.err = fmt.Errorf("%s: %w", host, a.err)
	}
	return a
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
	return strings.Contains(said(err), "permission")
}

// said is what an error says without the query, which has words of its own.
func said(err error) string {
	text, _, _ := strings.Cut(err.Error(), " in:\n")
	return text
}

// refused makes a sentence of a right that is missing.
func refused(err error) error {
	if forbidden(err) {
		return app.Explain(err, app.Denied, "The user of the database may not do this. Use the user admin, with its password in --database-password-file.")
	}
	return err
}
