package schema

import "lyceum/app"

// all are the tables, in the order in which the documentation shows them.
var all = []*Table{
	accounts, collaborators, emails, credentials, sessions, apiKeys, signInLinks, registrationTokens,
	serverSettings, siteSettings, serverSecrets, migrations,
	projects, members, projectUIDs, projectLimits, projectUsage, projectVisits,
	documents, documentPaths, documentStates, patches, checkpoints, cursors,
	directories, fileActions, terminals,
	servers, thisServer,
	tableStats, serverStats, slowQueries, databaseNodes,
}

var byName = func() map[string]*Table {
	names := make(map[string]*Table, len(all))
	for _, t := range all {
		names[t.Name] = t
	}
	return names
}()

// All returns every table, virtual ones too.
func All() []*Table { return all }

// Lookup returns the table of a name.
func Lookup(name string) (*Table, bool) {
	t, ok := byName[name]
	return t, ok
}

// Tables returns what a durable store must know: the tables that it keeps.
func Tables() []app.Table { return stored(func(t *Table) bool { return !t.Ephemeral }) }

// Ephemeral returns the tables that live in memory only. (W4)
func Ephemeral() []app.Table { return stored(func(t *Table) bool { return t.Ephemeral }) }

// Shared returns those of Ephemeral that all servers on a database have together.
func Shared() []app.Table { return stored(func(t *Table) bool { return t.Ephemeral && !t.Local }) }

// Local returns those of Ephemeral that each server has for itself.
func Local() []app.Table { return stored(func(t *Table) bool { return t.Local }) }

func stored(in func(*Table) bool) []app.Table {
	var tables []app.Table
	for _, t := range all {
		if t.Of == "" && !t.Source && !t.Unstored() && in(t) {
			tables = append(tables, app.Table{Name: t.Name, Indexes: t.Indexes, AppendOnly: t.AppendOnly})
		}
	}
	return tables
}

// Unstored reports whether a table has no rows of its own: its sets go to a
// writer, and nobody can read it.
func (t *Table) Unstored() bool {
	return t.Get == Nobody && t.Writer == Create|Update|Delete
}
