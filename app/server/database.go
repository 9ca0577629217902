package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"lyceum/app"
	"lyceum/app/config"
	"lyceum/app/copydb"
	"lyceum/app/rethinkdb"
	"lyceum/app/rethinkdb/cluster"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

// Database carries out a command about the database.
func Database(ctx context.Context, cfg *config.Config, stdout, stderr io.Writer) error {
	rest := cfg.Args[1:]
	var err error
	switch cfg.Args[0] {
	case "copy":
		err = copyDatabase(ctx, cfg, stdout, stderr)
	case "status":
		err = databaseStatus(ctx, cfg, stdout)
	case "reconfigure":
		err = changeCluster(ctx, cfg, stdout, cluster.Reconfigure)
	case "leave":
		err = leaveCluster(ctx, cfg, rest, stdout)
	case "replace":
		err = changeCluster(ctx, cfg, stdout, func(ctx context.Context, o cluster.Options, to cluster.Spread, tell func(int, int)) error {
			return cluster.Replace(ctx, o, to, len(rest) > 0, tell)
		})
	}
	return operatorError(err)
}

// copyDatabase copies all rows from one database to another.
func copyDatabase(ctx context.Context, cfg *config.Config, stdout, stderr io.Writer) (err error) {
	if serverRuns(ctx, cfg.Data) {
		return fmt.Errorf("a server uses the data directory %s, so rows would change while they are copied; stop it first", cfg.Data)
	}
	if err := sourceThere(cfg); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	lock, err := lockBeside(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	open := func(side config.Side) (*database, error) {
		d, err := openDatabase(ctx, opening{cfg: cfg.At(side), log: log, fatal: endCommand, locked: true}, side.Where)
		if err != nil {
			return nil, fmt.Errorf("--%s: %s", side.Name, sentence(err))
		}
		return d, nil
	}
	from, err := open(cfg.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := open(cfg.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	bothUnused := func(ctx context.Context) error {
		if err := unused(ctx, "--from", from, stdout); err != nil {
			return err
		}
		return unused(ctx, "--to", to, stdout)
	}
	if err := bothUnused(ctx); err != nil {
		return err
	}
	result, err := copydb.Copy(ctx, copydb.Options{
		From: from.durable, To: to.durable, Tables: schema.Tables(), Source: nameOf(cfg, cfg.From.Where),
		Unused: bothUnused, // a server may have been started on another machine meanwhile
		Tell:   func(p copydb.Progress) { fmt.Fprintln(stdout, p) },
	})
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped; what is copied stays, and the same command goes on from there")
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d rows are the same on both sides, %d of them written now; their digest is %s.\n%s The source was not changed.\n",
		result.Rows, result.Wrote, result.Digest, waysToServe(cfg))
	return err
}

// sourceThere fails with a sentence if there is no file to copy from: opening would
// make an empty one.
func sourceThere(cfg *config.Config) error {
	path, isFile := sqlitePath(cfg, cfg.From.Where)
	if cfg.From.Where == config.Bundled {
		path, isFile = nodeFolder(cfg), true
	}
	if !isFile {
		return nil
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return app.Errorf(app.Invalid, "There is no database %s to copy from. Check --from and --data.", path)
	}
	return err
}

// waysToServe says how a copy is served. A file is only where a data directory has
// it.
func waysToServe(cfg *config.Config) string {
	if path, isFile := sqlitePath(cfg, cfg.To.Where); isFile && path != databasePath(cfg) {
		return fmt.Sprintf("To serve them, make %s the file lyceum.db of a data directory.", path)
	}
	return fmt.Sprintf("Serve them with --database %s from now on.", cfg.To.Where)
}

// lockBeside takes the lock of the data directory, so that no server starts while
// its rows are copied. The file of the data directory has the same lock, and takes
// it itself.
func lockBeside(cfg *config.Config) (io.Closer, error) {
	for _, side := range []string{cfg.From.Where, cfg.To.Where} {
		if path, isFile := sqlitePath(cfg, side); isFile && path == databasePath(cfg) {
			return io.NopCloser(nil), nil
		}
	}
	return sqlitestore.Lock(databasePath(cfg))
}

const (
	// gonePatience is how long a server that was killed may look as if it were
	// there: ten seconds, and some for those who look.
	gonePatience = 13 * time.Second
	goneEvery    = 500 * time.Millisecond
)

// unused fails with a sentence if servers use a database. One that was killed, or a
// copy that was, looks alive for a while.
func unused(ctx context.Context, flag string, d *database, stdout io.Writer) error {
	if d.others == nil {
		return nil
	}
	for began := time.Now(); ; {
		names, err := d.others(ctx)
		if err != nil {
			return fmt.Errorf("%s: ask who uses the database: %w", flag, err)
		}
		if len(names) == 0 {
			return nil
		}
		if time.Since(began) > gonePatience {
			return fmt.Errorf("%s: servers use this database (%s), so rows would change while they are copied; stop them first", flag, strings.Join(names, ", "))
		}
		if time.Since(began) < goneEvery {
			fmt.Fprintf(stdout, "looking whether %s runs or was killed\n", strings.Join(names, ", "))
		}
		select {
		case <-time.After(goneEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// nameOf says which database it is, the same whatever folder one is in.
func nameOf(cfg *config.Config, where string) string {
	if path, isFile := sqlitePath(cfg, where); isFile {
		return config.SQLite + ":" + path
	}
	if where == config.Bundled {
		return config.Bundled + ":" + nodeFolder(cfg)
	}
	return where
}

// reachCluster says how to ask the cluster, which must be there.
func reachCluster(cfg *config.Config) (cluster.Options, error) {
	if cfg.Database.Where == config.SQLite {
		return cluster.Options{}, app.Errorf(app.Invalid, "The database is a file, %s, and has no nodes. This is for --database rethinkdb or rethinkdb://…", databasePath(cfg))
	}
	options, err := rethinkOptions(cfg, cfg.Database.Where)
	if err != nil {
		return cluster.Options{}, err
	}
	if cfg.Database.Where == config.Bundled {
		reach, err := rethinkdb.Running(nodeFolder(cfg))
		if err != nil {
			return cluster.Options{}, err
		}
		options.Hosts, options.PasswordFile = []string{reach.Address}, reach.PasswordFile
	}
	return *clusterOf(options), nil
}

// databaseStatus prints how each node and each table is. It fails if one is not
// well, so that a script can ask.
func databaseStatus(ctx context.Context, cfg *config.Config, stdout io.Writer) error {
	if path, isFile := sqlitePath(cfg, cfg.Database.Where); isFile {
		_, err := fmt.Fprintf(stdout, "The database is the file %s. lyceum doctor says how it is.\n", path)
		return err
	}
	o, err := reachCluster(cfg)
	if err != nil {
		return err
	}
	s, err := cluster.Look(ctx, o)
	if err != nil {
		return err
	}
	if err := printStatus(stdout, s, time.Now()); err != nil {
		return err
	}
	if len(s.Tables) == 0 && !s.Limited {
		return errNoTables
	}
	if !s.Well() {
		return errors.New("the database is not whole; the lines above say what is missing")
	}
	return nil
}

func printStatus(stdout io.Writer, s cluster.Status, now time.Time) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, n := range s.Nodes {
		fmt.Fprintf(w, "node\t%s\t%s\n", n.Name, describe(n, now))
	}
	for _, t := range s.Tables {
		fmt.Fprintf(w, "table\t%s\t%s\n", t.Name, describeTable(t))
	}
	for _, i := range s.Issues {
		fmt.Fprintf(w, "issue\t\t%s\n", strings.Join(strings.Fields(i), " "))
	}
	if s.Limited {
		fmt.Fprintf(w, "note\t\tOnly the user admin may see tables and other nodes.\n")
	}
	return w.Flush()
}

// describe is what a person reads of a node.
func describe(n cluster.Node, now time.Time) string {
	if !n.Up {
		return fmt.Sprintf("AWAY; %d tables have a replica there. Start it again, or if it is lost: lyceum database replace", n.Tables)
	}
	text := "up"
	if n.Version != "" {
		text += ", RethinkDB " + n.Version
	}
	if !n.Started.IsZero() {
		text += ", since " + now.Sub(n.Started).Round(time.Second).String()
	}
	if n.Tables > 0 {
		text += fmt.Sprintf(", %d tables", n.Tables)
	}
	return text
}

func describeTable(t cluster.Table) string {
	text := fmt.Sprintf("%d shards", t.Shards)
	switch {
	case !t.Reads:
		text += ", CANNOT BE READ"
	case !t.Writes:
		text += ", CANNOT BE WRITTEN"
	case len(t.Missing) > 0:
		text += ", with fewer copies"
	case !t.Whole:
		text += ", copies are being filled"
	default:
		text += ", whole"
	}
	if len(t.Missing) > 0 {
		text += "; away: " + strings.Join(t.Missing, ", ")
	}
	return text
}

// changeCluster spreads the tables anew by a way that waits until all is there.
func changeCluster(ctx context.Context, cfg *config.Config, stdout io.Writer,
	change func(context.Context, cluster.Options, cluster.Spread, func(whole, of int)) error,
) error {
	o, err := reachCluster(cfg)
	if err != nil {
		return err
	}
	last, tables := -1, 0
	err = change(ctx, o, spreadOf(cfg), func(whole, of int) {
		if whole != last {
			fmt.Fprintf(stdout, "%d of %d tables are whole\n", whole, of)
		}
		last, tables = whole, of
	})
	if errors.Is(err, context.Canceled) {
		return errors.New("not waited for any longer; the database goes on by itself, lyceum database status says how far it is")
	}
	if err == nil && tables == 0 {
		return errNoTables
	}
	return err
}

// errNoTables is said of a database that is not there: its name may be mistyped.
var errNoTables = app.Errorf(app.NotFound, "The database has no tables, or is not there. Check the name in --database; lyceum serve makes what is missing.")

// spreadOf is what the settings say; what they do not is left as it is.
func spreadOf(cfg *config.Config) cluster.Spread {
	var to cluster.Spread
	if cfg.Given("database-shards") {
		to.Shards = cfg.Database.Shards
	}
	if cfg.Given("database-replicas") {
		to.Replicas = cfg.Database.Replicas
	}
	return to
}

// leaveCluster moves what a node has to the others: the named one, or that of this
// data directory.
func leaveCluster(ctx context.Context, cfg *config.Config, named []string, stdout io.Writer) error {
	if _, err := reachCluster(cfg); err != nil {
		return err
	}
	name := ""
	if len(named) > 0 {
		name = named[0]
	} else if cfg.Database.Where == config.Bundled {
		text, err := os.ReadFile(rethinkdb.NameFile(nodeFolder(cfg)))
		if err != nil {
			return app.Explain(err, app.Unavailable, "No database runs in %s. Start the server first, or name the node.", nodeFolder(cfg))
		}
		name = string(text)
	} else {
		return app.Errorf(app.Invalid, "Name the node that is to leave: lyceum database leave NODE. lyceum database status lists them.")
	}
	err := changeCluster(ctx, cfg, stdout, func(ctx context.Context, o cluster.Options, to cluster.Spread, tell func(int, int)) error {
		return cluster.Leave(ctx, o, name, to, tell)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s has nothing any more and can be stopped. lyceum database reconfigure leaves it out from now on.\n", name)
	return err
}
