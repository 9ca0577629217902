package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Database is where the rows are.
type Database struct {
	// Where is SQLite, Bundled, or the address of a cluster that somebody else
	// runs: rethinkdb://user@host1:28015,host2/name.
	Where        string
	PasswordFile string // of the user in the address; absolute, "" is no password
	CA           string // certificates that the cluster's is signed by; absolute, SystemCA, "" is no TLS
	Shards       int    // of tables, MaxShards at most
	Replicas     int    // of each shard

	Program       string   // the rethinkdb to run; "" is the carried one, else that of the PATH
	ClusterListen string   // address for other nodes, "host:port"; "" is this machine alone
	Join          []string // nodes of the cluster to join, "host:port"
	SecretFile    string   // what all nodes of a cluster know; absolute, "" is that of the data directory
	Cert, Key     string   // of this node, for other nodes; absolute, "" makes them from the secret
	ClusterCA     string   // that has signed the certificates of all nodes; absolute
}

// What Database.Where can be beside an address.
const (
	SQLite  = "sqlite"
	Bundled = "rethinkdb"
)

// SystemCA is the value of database-ca that stands for the authorities that the
// machine believes.
const SystemCA = "system"

const (
	// scheme begins the address of a cluster.
	scheme = "rethinkdb://"
	// MaxShards and maxReplicas are RethinkDB's own bounds: 64 shards, and a replica
	// on each node, of which nobody has more.
	MaxShards   = 64
	maxReplicas = 64
	// joinPort is where a RethinkDB listens for other nodes.
	joinPort = "29015"
)

// External reports whether the database is a cluster that somebody else runs.
func (d Database) External() bool { return strings.HasPrefix(d.Where, scheme) }

// databaseSettings are those of Database.
var databaseSettings = []setting{
	{
		name: "database", usage: "where rows are kept: `sqlite`, rethinkdb (run by this server), or rethinkdb://user@host1:28015,host2/name", preset: preset(SQLite),
		set: setDatabase, get: func(c *Config) string { return c.Database.Where },
	},
	path("database-password-file", "`file` with the password of the user in --database rethinkdb://…", func(c *Config) *string { return &c.Database.PasswordFile }),
	{
		name: "database-ca", usage: "connect to --database rethinkdb://… by TLS and believe certificates signed by those in this `file`; system believes what the machine does", preset: preset(""),
		set: setDatabaseCA, get: func(c *Config) string { return c.Database.CA },
	},
	{
		name: "database-shards", usage: "`number` of parts of each new table in RethinkDB; lyceum database reconfigure changes those that are there", preset: preset("1"),
		set: number(MaxShards, func(c *Config) *int { return &c.Database.Shards }), get: func(c *Config) string { return strconv.Itoa(c.Database.Shards) },
	},
	{
		name: "database-replicas", usage: "`number` of nodes that have each part; 3 go on without one of them", preset: preset("1"),
		set: number(maxReplicas, func(c *Config) *int { return &c.Database.Replicas }), get: func(c *Config) string { return strconv.Itoa(c.Database.Replicas) },
	},
	path("rethinkdb", "`program` to run for --database rethinkdb, if not the carried one or that of the PATH", func(c *Config) *string { return &c.Database.Program }),
	{
		name: "cluster-listen", usage: "`address` on which the node of --database rethinkdb serves other nodes; this machine alone by default", preset: preset(""),
		set: setClusterListen, get: func(c *Config) string { return c.Database.ClusterListen },
	},
	{
		name: "join", usage: "`host:port` of a node whose cluster this one joins; several with commas", preset: preset(""),
		set: setJoin, get: func(c *Config) string { return strings.Join(c.Database.Join, ",") },
	},
	path("cluster-secret-file", "`file` with what all nodes of the cluster know: rethinkdb/secret of the data directory of the first", func(c *Config) *string { return &c.Database.SecretFile }),
	path("cluster-cert", "`file` with this node's certificate, instead of one made from the secret", func(c *Config) *string { return &c.Database.Cert }),
	path("cluster-key", "`file` with its key", func(c *Config) *string { return &c.Database.Key }),
	path("cluster-ca", "`file` with the certificate that has signed those of all nodes", func(c *Config) *string { return &c.Database.ClusterCA }),
}

// path is a setting that names a file, absolute from then on.
func path(name, usage string, of func(c *Config) *string) setting {
	return setting{
		name: name, usage: usage, preset: preset(""),
		set: func(c *Config, text string) (err error) {
			*of(c), err = absolute(text)
			return err
		},
		get: func(c *Config) string { return *of(c) },
	}
}

func number(most int, of func(c *Config) *int) func(*Config, string) error {
	return func(c *Config, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			return fmt.Errorf("%q is not a number from 1 to %d", text, most)
		}
		*of(c) = n
		return nil
	}
}

func setDatabase(c *Config, text string) error {
	if err := CheckDatabase(text); err != nil {
		return err
	}
	c.Database.Where = text
	return nil
}

// CheckDatabase reports whether a text says where rows can be. What it does not
// look at (hosts, names) is found when the database is opened.
func CheckDatabase(text string) error {
	if text == SQLite || text == Bundled {
		return nil
	}
	rest, found := strings.CutPrefix(text, scheme)
	if !found {
		return fmt.Errorf("%q is not a database; write sqlite, rethinkdb, or rethinkdb://user@host1:28015,host2/name", hidePassword(text))
	}
	user, _, hasUser := strings.Cut(rest, "@")
	if hasUser && strings.Contains(user, ":") {
		return errors.New("a password in the address can be read by everybody on the machine; put it into a file and name that with --database-password-file")
	}
	hosts, name, _ := strings.Cut(rest[strings.Index(rest, "@")+1:], "/")
	if hosts == "" || name == "" {
		return fmt.Errorf("%q names no host or no database; write rethinkdb://user@host1:28015,host2/name", text)
	}
	return nil
}

// hidePassword leaves out what an address of any kind has before its host.
func hidePassword(text string) string {
	if u, err := url.Parse(text); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	return text
}

func setDatabaseCA(c *Config, text string) (err error) {
	c.Database.CA, err = authority(text)
	return err
}

func setClusterListen(c *Config, text string) error {
	if text == "" {
		c.Database.ClusterListen = ""
		return nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, joinPort
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || net.ParseIP(host) == nil {
		return fmt.Errorf("%q is not an address of this machine; write its number and a port, for example 192.168.1.5:%s, or 0.0.0.0:%s for all that it has", text, joinPort, joinPort)
	}
	c.Database.ClusterListen = net.JoinHostPort(host, port)
	return nil
}

func setJoin(c *Config, text string) error {
	c.Database.Join = nil
	for _, node := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		host, port, err := net.SplitHostPort(node)
		if err != nil {
			host, port = strings.Trim(node, "[]"), joinPort
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil || host == "" || strings.ContainsAny(host, "/@") {
			return fmt.Errorf("%q is not a node; write host:port, for example lab1.example.org:%s", node, joinPort)
		}
		c.Database.Join = append(c.Database.Join, net.JoinHostPort(host, port))
	}
	return nil
}

// uses reports whether the database, or one that is copied from or to, is of a
// kind.
func (c *Config) uses(kind func(Database) bool) bool {
	copies := c.From.Where != ""
	return kind(c.Database) || copies && (kind(Database{Where: c.From.Where}) || kind(Database{Where: c.To.Where}))
}

// validateDatabase checks that settings are for the kind of database.
func (c *Config) validateDatabase() error {
	d := c.Database
	kind := func(of string, names ...string) error {
		for _, name := range names {
			if c.Given(name) {
				return fmt.Errorf("%s: is for %s, and the database is %s; set --database too, or leave it out (%s)", name, of, d.Where, c.origins[name])
			}
		}
		return nil
	}
	if !c.uses(Database.External) {
		if err := kind("--database rethinkdb://…", "database-password-file", "database-ca"); err != nil {
			return err
		}
	}
	if !c.uses(func(d Database) bool { return d.Where == Bundled }) {
		if err := kind("--database rethinkdb", "rethinkdb", "cluster-listen", "join", "cluster-secret-file", "cluster-cert", "cluster-key", "cluster-ca"); err != nil {
			return err
		}
	}
	if !c.uses(func(d Database) bool { return d.Where == Bundled || d.External() }) {
		if err := kind("RethinkDB", "database-shards", "database-replicas"); err != nil {
			return err
		}
	}
	if given := d.Cert != "" || d.Key != "" || d.ClusterCA != ""; given && (d.Cert == "" || d.Key == "" || d.ClusterCA == "") {
		return errors.New("cluster-cert: certificates between nodes need all of --cluster-cert, --cluster-key and --cluster-ca; or leave all out, and they are made from the cluster's secret")
	}
	return nil
}
