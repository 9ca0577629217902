package server

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"lyceum/app/config"
	"lyceum/app/place"
	"lyceum/app/rethinkdb"
	"lyceum/app/rethinkdb/cluster"
	"lyceum/app/rethinkstore"
	"lyceum/projects/sandbox"
)

// checkData opens the database as serve would, unless a server has it. One that is
// not there is made by the first start.
func checkData(ctx context.Context, cfg *config.Config) []sandbox.Finding {
	running := serverRuns(ctx, cfg.Data)
	if path, isFile := sqlitePath(cfg, cfg.Database.Where); isFile {
		switch _, err := os.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
			return finding(sandbox.OK, "data", "The first start will make %s.", path)
		case running:
			return finding(sandbox.OK, "data", "%s is in use by a server that runs.", path)
		}
		return checkOpening(ctx, cfg, path, nil)
	}
	if cfg.Database.Where == config.Bundled {
		if program := checkProgram(ctx, cfg); program[0].Level != sandbox.OK {
			return program
		}
		if _, err := os.Stat(nodeFolder(cfg)); errors.Is(err, fs.ErrNotExist) {
			return append(checkProgram(ctx, cfg), finding(sandbox.OK, "data", "The first start will make a database in %s.", nodeFolder(cfg))...)
		}
	}
	if !running {
		if there, err := databaseExists(ctx, cfg); err != nil {
			return finding(sandbox.Missing, "data", "%s", sentence(err))
		} else if !there {
			return finding(sandbox.OK, "data", "There is no database at %s yet; lyceum serve makes it. Check the name if there should be one.", cfg.Database.Where)
		}
		return checkOpening(ctx, cfg, cfg.Database.Where, func(d *database) []sandbox.Finding {
			return append(checkNodes(ctx, *d.cluster), checkAddress(ctx, cfg, d)...)
		})
	}
	o, err := reachCluster(cfg)
	if err != nil {
		return finding(sandbox.Missing, "data", "%s", sentence(err))
	}
	return append(finding(sandbox.OK, "data", "The database %s is in use by a server that runs.", cfg.Database.Where), checkNodes(ctx, o)...)
}

// databaseExists reports whether a cluster has the database. One that this server
// runs has it with its folder.
func databaseExists(ctx context.Context, cfg *config.Config) (bool, error) {
	if cfg.Database.Where == config.Bundled {
		return true, nil
	}
	options, err := rethinkOptions(cfg, cfg.Database.Where)
	if err != nil {
		return false, err
	}
	return rethinkstore.Exists(ctx, options)
}

// checkOpening opens the database and closes it.
func checkOpening(ctx context.Context, cfg *config.Config, name string, more func(*database) []sandbox.Finding) []sandbox.Finding {
	rows, err := openStore(ctx, opening{cfg: cfg, log: slog.New(slog.DiscardHandler), fatal: endCommand})
	var found []sandbox.Finding
	if err == nil {
		if more != nil {
			found = more(rows)
		}
		err = rows.Close()
	}
	if err != nil {
		return finding(sandbox.Missing, "data", "%s", sentence(err))
	}
	return append(finding(sandbox.OK, "data", "%s can be read and written.", name), found...)
}

// checkProgram says which RethinkDB would be run.
func checkProgram(ctx context.Context, cfg *config.Config) []sandbox.Finding {
	carried, err := carriedRethinkDB()
	if err == nil && cfg.Database.Program == "" && carried != nil {
		return finding(sandbox.OK, "database", "RethinkDB is in this executable.")
	}
	var program, version string
	if err == nil {
		program, err = rethinkdb.Program(cfg.Database.Program, nil, "")
	}
	if err == nil {
		version, err = rethinkdb.Version(ctx, program)
	}
	if err != nil {
		return finding(sandbox.Missing, "database", "%s", sentence(err))
	}
	return finding(sandbox.OK, "database", "%s is RethinkDB %s.", program, version)
}

// checkNodes says how each node is, and which tables are not whole. A node that is
// away keeps nothing from serving as long as its tables can be written.
func checkNodes(ctx context.Context, o cluster.Options) []sandbox.Finding {
	s, err := cluster.Look(ctx, o)
	if err != nil {
		return finding(sandbox.Missing, "database", "%s", sentence(err))
	}
	var found []sandbox.Finding
	for _, n := range s.Nodes {
		level := sandbox.OK
		if !n.Up {
			level = sandbox.Limited
		}
		found = append(found, finding(level, "database", "Node %s: %s.", n.Name, describe(n, time.Now()))...)
	}
	for _, t := range s.Tables {
		switch {
		case !t.Writes:
			found = append(found, finding(sandbox.Missing, "database", "Table %s: %s.", t.Name, describeTable(t))...)
		case !t.Whole:
			found = append(found, finding(sandbox.Limited, "database", "Table %s: %s.", t.Name, describeTable(t))...)
		}
	}
	return found
}

// checkAddress says whether other servers on the database can link to this one.
// While it runs its log has said so.
func checkAddress(ctx context.Context, cfg *config.Config, d *database) []sandbox.Finding {
	known, err := place.Servers(ctx, d.durable)
	if err != nil {
		return finding(sandbox.Missing, "servers", "%s", sentence(err))
	}
	self, err := place.Known(cfg.Data)
	if err != nil {
		return finding(sandbox.Missing, "servers", "%s", sentence(err))
	}
	if why := addressMissing(cfg, self, known); why != "" {
		return finding(sandbox.Limited, "servers", "%s", why)
	}
	return nil
}
