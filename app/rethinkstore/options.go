package rethinkstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"lyceum/app"
	"lyceum/app/metrics"
)

// DefaultPort is where a RethinkDB server listens for drivers.
const DefaultPort = "28015"

// Options say where the database is and what is kept in it.
type Options struct {
	Hosts        []string // host or host:port; any one that answers is enough to begin
	Database     string   // made where it is missing
	User         string   // "" is admin
	Password     string
	PasswordFile string // instead of Password; white space at its ends does not count
	TLS          bool   // with the machine's certificate authorities
	CAFile       string // PEM; switches TLS on, and no other authority is believed

	// DiscoverHosts adds the servers that the cluster says it has. It needs the
	// right to read the database "rethinkdb".
	DiscoverHosts bool

	// Shards and Replicas of tables that are made; 0 is 1. Existing tables stay
	// as they are.
	Shards, Replicas int

	Tables    []app.Table // kept
	Ephemeral []app.Table // lost when all servers end; rows go with their server

	// Concerns says which changes every server must have heard of before their
	// writers go on: those of who may what (W5). nil: none.
	Concerns func(table string, old, new app.Row) bool
	// Settle is called with such a change of another server after the watchers
	// have been told of it, and returns when nothing is under way that the
	// change forbids. nil: at once.
	Settle func(ctx context.Context, table string, c app.Change)

	Name string // of this server, for people; "" is the machine's
	// Rows is the number of the last change of rows that this program knows; see
	// Store.Alone.
	Rows int64
	// Sole is what no two servers may have at a time, such as the id of a data
	// directory: a second one is refused. "" is nothing.
	Sole string
	// Fatal is called, at most once, with a sentence for an operator when another
	// server has taken over Sole while this one was away: the program must end.
	// It may end it there, but not close the store, which waits for it. nil: the
	// log says it.
	Fatal func(error)
	Log   *slog.Logger   // nil discards
	Meter *metrics.Store // nil counts nothing

	now func() moment // for tests; nil: thisMoment
}

// ParseURL reads rethinkdb://user@host1:28015,host2/database into options.
func ParseURL(text string) (Options, error) {
	rest, ok := strings.CutPrefix(text, "rethinkdb://")
	if !ok {
		return Options{}, app.Errorf(app.Invalid, "The database %q is not of the form rethinkdb://user@host:28015,host:28015/name.", text)
	}
	var o Options
	hosts, name, _ := strings.Cut(rest, "/")
	if user, after, found := strings.Cut(hosts, "@"); found {
		if strings.Contains(user, ":") {
			return Options{}, app.Errorf(app.Invalid, "The address of the database contains a password, which others on this machine could read; put it into a file and name that.")
		}
		unescaped, err := url.PathUnescape(user)
		if err != nil {
			return Options{}, app.Errorf(app.Invalid, "The user in the address of the database is not written as in a URL: %v.", err)
		}
		o.User, hosts = unescaped, after
	}
	for _, host := range strings.Split(hosts, ",") {
		if host == "" {
			return Options{}, app.Errorf(app.Invalid, "The address of the database names no host; it is of the form rethinkdb://user@host:28015/name.")
		}
		o.Hosts = append(o.Hosts, withPort(host))
	}
	if o.Database = name; !names.MatchString(name) {
		return Options{}, app.Errorf(app.Invalid, "The address of the database ends in %q, which is no name: use letters, digits and underscores, beginning with a letter.", name)
	}
	return o, nil
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), DefaultPort)
}

// fill checks the options and puts in what is left out.
func (o *Options) fill() error {
	if len(o.Hosts) == 0 || !names.MatchString(o.Database) {
		return fmt.Errorf("a database needs a host and a name, not %q and %q", o.Hosts, o.Database)
	}
	o.Hosts = slices.Clone(o.Hosts) // the caller's stay as they are
	for i, host := range o.Hosts {
		o.Hosts[i] = withPort(host)
	}
	o.Shards, o.Replicas = max(o.Shards, 1), max(o.Replicas, 1)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if log := o.Log; o.Fatal == nil {
		o.Fatal = func(err error) { log.Error("server must end", "part", "store", "err", err) }
	}
	if o.now == nil {
		o.now = thisMoment
	}
	if o.User == "" {
		o.User = "admin"
	}
	if o.Name == "" {
		o.Name, _ = os.Hostname() // a server without a name is shown without one
	}
	return nil
}

// password returns the password, from its file if there is one.
func (o *Options) password() (string, error) {
	if o.PasswordFile == "" {
		return o.Password, nil
	}
	b, err := os.ReadFile(o.PasswordFile)
	if err != nil {
		return "", app.Explain(err, app.Invalid, "The file with the database's password cannot be read. Check its name and who may read it.")
	}
	return strings.TrimSpace(string(b)), nil
}

// tls returns how connections are secured, nil if not at all.
func (o *Options) tls() (*tls.Config, error) {
	if !o.TLS && o.CAFile == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, app.Explain(err, app.Invalid, "The file with the certificate authority of the database cannot be read. Check its name and who may read it.")
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, app.Errorf(app.Invalid, "The file with the certificate authority of the database holds no certificate; it must be in PEM form.")
	}
	return config, nil
}
