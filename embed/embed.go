package embed

import (
	"embed"
	"errors"
	"io"
	"io/fs"
	"strings"
)

//go:embed all:dist
var dist embed.FS

//go:embed all:agent
var agent embed.FS

//go:embed all:network
var network embed.FS

//go:embed all:rethinkdb
var rethinkdb embed.FS

// ErrNotBuilt says that this executable was made without make build.
var ErrNotBuilt = errors.New("not built in; run make build")

// Pages returns the frontend: files named as they are served with ".gz" behind,
// or ErrNotBuilt.
func Pages() (fs.FS, error) {
	if _, err := fs.Stat(dist, "dist/index.html.gz"); err != nil {
		return nil, ErrNotBuilt
	}
	return fs.Sub(dist, "dist")
}

// Agent returns the static program that runs in each project, or ErrNotBuilt.
func Agent() ([]byte, error) {
	data, err := agent.ReadFile("agent/lyceum-agent")
	if err != nil {
		return nil, ErrNotBuilt
	}
	return data, nil
}

// Network returns the static program that carries the connections of a project,
// or ErrNotBuilt.
func Network() ([]byte, error) {
	data, err := network.ReadFile("network/lyceum-network")
	if err != nil {
		return nil, ErrNotBuilt
	}
	return data, nil
}

// RethinkDB opens the program that make bundle has put in, compressed with gzip.
func RethinkDB() (io.ReadCloser, error) {
	file, err := rethinkdb.Open("rethinkdb/rethinkdb.gz")
	if err != nil {
		return nil, ErrNotBuilt
	}
	return file, nil
}

// RethinkDBSum returns the SHA-256 of that program in hexadecimal digits, or
// ErrNotBuilt if there is none.
func RethinkDBSum() (string, error) {
	text, err := rethinkdb.ReadFile("rethinkdb/rethinkdb.sha256")
	if err != nil {
		return "", ErrNotBuilt
	}
	sum, _, _ := strings.Cut(string(text), " ")
	if len(sum) != 64 {
		return "", errors.New("the hash of the carried rethinkdb is none; run make bundle again")
	}
	return sum, nil
}
