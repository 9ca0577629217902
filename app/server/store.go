package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/config"
	"lyceum/app/memstore"
	"lyceum/app/metrics"
	"lyceum/app/migrate"
	"lyceum/app/place"
	"lyceum/app/rethinkdb"
	"lyceum/app/rethinkdb/cluster"
	"lyceum/app/rethinkstore"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
	"lyceum/embed"
)

var _ migrate.Shared = (*rethinkstore.Store)(nil)

func databasePath(cfg *config.Config) string { return filepath.Join(cfg.Data, "lyceum.db") }

// nodeFolder is where the node of RethinkDB that this server runs has its files.
func nodeFolder(cfg *config.Config) string { return filepath.Join(cfg.Data, "rethinkdb") }

// bundledName is the database in the node that this server runs.
const bundledName = "lyceum"

// endCommand ends a command of the operator when the disk fails or a page of the
// database is found damaged: nothing that is said after it could be relied on.
func endCommand(err error) {
	fmt.Fprintln(os.Stderr, "lyceum:", err)
	os.Exit(1)
}

// opening is how a database is opened.
type opening struct {
	cfg   *config.Config
	log   *slog.Logger
	fatal func(error)
	meter *metrics.Store // nil counts nothing
	// settle is called with changes of other servers that take something from
	// somebody. nil: nothing is under way here.
	settle func(ctx context.Context, table string, c app.Change)
	// serves says that projects are run: by one server alone that has their files.
	serves bool
	// locked says that the caller has the lock of the data directory.
	locked bool
}

// database is where the rows are.
type database struct {
	durable, ephemeral app.Store
	local              app.Store         // nil: ephemeral has its tables
	cluster            *cluster.Options  // nil: there is none
	node               *rethinkdb.Server // nil: this server runs none
	// others names the other servers on the database; nil: there can be none.
	others  func(context.Context) ([]string, error)
	closers []func() error
}

// Close closes what was opened, the last first.
func (d *database) Close() error {
	var errs []error
	for _, c := range slices.Backward(d.closers) {
		errs = append(errs, c())
	}
	d.closers = nil
	return errors.Join(errs...)
}

// openStore opens the database and brings it to this program's schema: first the
// store, then the rows.
func openStore(ctx context.Context, o opening) (*database, error) {
	d, err := openDatabase(ctx, o, o.cfg.Database.Where)
	if err != nil {
		return nil, err
	}
	if err := migrate.Run(ctx, d.durable, o.log); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// openDatabase opens a database as it is.
func openDatabase(ctx context.Context, o opening, where string) (d *database, err error) {
	d = &database{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
			d = nil
		}
	}()
	if path, isFile := sqlitePath(o.cfg, where); isFile {
		return d, d.openFile(ctx, o, path)
	}
	if !o.locked {
		// Rows are elsewhere, projects are here: of one server all the same.
		lock, err := sqlitestore.Lock(databasePath(o.cfg))
		if err != nil {
			return d, err
		}
		d.closers = append(d.closers, lock.Close)
	}
	options, err := rethinkOptions(o.cfg, where)
	if err != nil {
		return d, err
	}
	if where == config.Bundled {
		if err := d.startNode(ctx, o, &options); err != nil {
			return d, err
		}
	}
	d.cluster = clusterOf(options)
	options.Log, options.Concerns, options.Settle = o.log, access.Concerns, o.settle
	options.Rows = migrate.Steps()
	options.Tables, options.Ephemeral, options.Meter = schema.Tables(), schema.Shared(), o.meter
	if o.serves {
		options.Fatal = o.fatal
		if options.Sole, err = place.ID(o.cfg.Data); err != nil {
			return d, err
		}
	}
	store, err := rethinkstore.Open(ctx, options)
	if err != nil {
		return d, err
	}
	d.closers = append(d.closers, store.Close)
	d.durable, d.ephemeral, d.others = store, store, store.Servers
	d.local = memstore.New(schema.Local())
	d.closers = append(d.closers, d.local.Close)
	return d, nil
}

// sqlitePath returns the file of a database that is one.
func sqlitePath(cfg *config.Config, where string) (path string, isFile bool) {
	if where == config.SQLite {
		return databasePath(cfg), true
	}
	return strings.CutPrefix(where, config.SQLite+":")
}

func (d *database) openFile(ctx context.Context, o opening, path string) error {
	options := []sqlitestore.Option{sqlitestore.WithLog(o.log), sqlitestore.WithFatal(o.fatal)}
	if o.meter != nil {
		options = append(options, sqlitestore.WithMeter(o.meter))
	}
	store, err := sqlitestore.Open(ctx, path, schema.Tables(), options...)
	if err != nil {
		return err
	}
	d.closers = append(d.closers, store.Close)
	ephemeral := memstore.New(schema.Ephemeral())
	d.closers = append(d.closers, ephemeral.Close)
	d.durable, d.ephemeral = store, ephemeral
	return nil
}

// startNode starts the node of RethinkDB and says in options how to reach it.
func (d *database) startNode(ctx context.Context, o opening, options *rethinkstore.Options) (err error) {
	carried, err := carriedRethinkDB()
	if err != nil {
		return err
	}
	where := o.cfg.Database
	d.node, err = rethinkdb.Start(ctx, rethinkdb.Options{
		Folder: nodeFolder(o.cfg), Program: where.Program, Carried: carried,
		ClusterListen: where.ClusterListen, Join: where.Join, SecretFile: where.SecretFile,
		Given: rethinkdb.Certificates{Cert: where.Cert, Key: where.Key, CA: where.ClusterCA},
		Log:   o.log,
	})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.node.Close)
	reach := d.node.Reach()
	options.Hosts, options.PasswordFile = []string{reach.Address}, reach.PasswordFile
	if err := cluster.Return(ctx, *clusterOf(*options), d.node.Name()); err != nil {
		o.log.WarnContext(ctx, "a node that has left the cluster may not be given tables again", "part", "database", "err", err)
	}
	return nil
}

// carriedRethinkDB is the program inside this executable, nil if there is none.
func carriedRethinkDB() (*rethinkdb.Carried, error) {
	sum, err := embed.RethinkDBSum()
	if errors.Is(err, embed.ErrNotBuilt) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &rethinkdb.Carried{SHA256: sum, Open: embed.RethinkDB}, nil
}

// rethinkOptions are how a cluster is reached; without a host for the node that
// this server runs.
func rethinkOptions(cfg *config.Config, where string) (rethinkstore.Options, error) {
	options := rethinkstore.Options{Database: bundledName}
	if where != config.Bundled {
		var err error
		if options, err = rethinkstore.ParseURL(where); err != nil {
			return options, err
		}
		options.PasswordFile = cfg.Database.PasswordFile
		options.TLS = cfg.Database.CA != ""
		if options.TLS && cfg.Database.CA != config.SystemCA {
			options.CAFile = cfg.Database.CA
		}
		options.DiscoverHosts = true
	}
	options.Shards, options.Replicas = cfg.Database.Shards, cfg.Database.Replicas
	return options, nil
}

// clusterOf is how the same cluster is asked about itself.
func clusterOf(o rethinkstore.Options) *cluster.Options {
	return &cluster.Options{
		Hosts: slices.Clone(o.Hosts), Database: o.Database, User: o.User, PasswordFile: o.PasswordFile, TLS: o.TLS, CAFile: o.CAFile,
	}
}
