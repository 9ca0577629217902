package rethinkdb

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"lyceum/app"
	"lyceum/app/durable"
)

// Options say how a node is run.
type Options struct {
	Folder  string   // of this node alone, in the data directory; made where it is missing
	Program string   // rethinkdb to run; "" is the carried one, or that of the PATH
	Carried *Carried // nil: none

	ClusterListen string   // host:port for other nodes; "" is loopback on a free port
	Join          []string // host:port of nodes of the cluster
	SecretFile    string   // "" is SecretFile(Folder), made at the first start
	// Given are used between nodes instead of those made from the secret.
	Given Certificates

	Log *slog.Logger
}

// SecretFile is where the secret of a node lies that made its own.
func SecretFile(folder string) string { return filepath.Join(folder, "secret") }

// addressFile is where it stands at which address a node serves drivers.
func addressFile(folder string) string { return filepath.Join(folder, "address") }

// portFile is where it stands which port for drivers a node had last.
func portFile(folder string) string { return filepath.Join(folder, "port") }

// NameFile is where it stands which name a node has in its cluster.
func NameFile(folder string) string { return filepath.Join(folder, "name") }

// dataFolder is the database's own.
func dataFolder(folder string) string { return filepath.Join(folder, "data") }

// environment is that of the program: it is told all it has to know.
var environment = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"}

// Reach is what a driver needs to talk to a node: its address and a file with the
// password of the user admin.
type Reach struct{ Address, PasswordFile string }

// passwordFile is where the password stands, for drivers.
func passwordFile(folder string) string { return filepath.Join(folder, "password") }

// Running tells how to reach the node of a folder that another process runs. It
// fails with a sentence where none has ever run; whether one runs now is found by
// connecting.
func Running(folder string) (Reach, error) {
	text, err := os.ReadFile(addressFile(folder))
	if err != nil {
		return Reach{}, app.Explain(err, app.Unavailable, "No database runs in %s. Start the server first.", folder)
	}
	address, _, _ := strings.Cut(string(text), "\n")
	return Reach{address, passwordFile(folder)}, nil
}

// announce notes where a node serves, and removes that unless another has noted
// something since.
func announce(folder, address string) (withdraw func() error, err error) {
	path, text := addressFile(folder), address+"\n"+app.NewID()+"\n"
	return func() error {
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			return nil
		}
		return os.Remove(path)
	}, durable.WriteFile(path, []byte(text))
}

// loadSecret reads the secret that all nodes of the cluster know, or makes it.
func loadSecret(o Options) (Secret, error) {
	if o.SecretFile != "" {
		return LoadSecret(o.SecretFile, false)
	}
	return LoadSecret(SecretFile(o.Folder), true)
}

// launch is one way to start the program.
type launch struct {
	program string
	args    []string
	driver  string // address for drivers
	cluster string // address for other nodes
}

// prepare makes what the program needs, but for its ports.
func prepare(o Options) (l launch, err error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return l, app.Explain(err, app.Invalid, "The folder %s of the database cannot be made. Give another data directory.", o.Folder)
	}
	if len(o.Join) > 0 && o.SecretFile == "" {
		if _, err := os.Stat(SecretFile(o.Folder)); errors.Is(err, os.ErrNotExist) {
			return l, app.Errorf(app.Invalid, "To join a cluster this node must know its secret. Copy the file rethinkdb/secret from the data directory of the first node, and name it with --cluster-secret-file.")
		}
	}
	secret, err := loadSecret(o)
	if err != nil {
		return l, err
	}
	files := o.Given
	if files == (Certificates{}) {
		if files, err = secret.Certificates(o.Folder); err != nil {
			return l, err
		}
	}
	if l.program, err = Program(o.Program, o.Carried, filepath.Join(o.Folder, "program")); err != nil {
		return l, err
	}
	if err := durable.WriteFile(passwordFile(o.Folder), []byte(secret.Password()+"\n")); err != nil {
		return l, err
	}
	settings := filepath.Join(o.Folder, "rethinkdb.conf")
	// In a file: a command line can be read by everybody on the machine.
	if err := durable.WriteFile(settings, []byte("initial-password="+secret.Password()+"\n")); err != nil {
		return l, err
	}
	l.args = []string{
		"--config-file", settings, "--directory", dataFolder(o.Folder), "--no-http-admin", "--no-update-check",
		"--cluster-tls-key", files.Key, "--cluster-tls-cert", files.Cert, "--cluster-tls-ca", files.CA,
	}
	for _, node := range o.Join {
		l.args = append(l.args, "--join", node)
	}
	return l, nil
}

// withPorts adds where the program listens: for drivers on loopback and the port
// that it had last, or a free one, for nodes where the options say.
func (l launch) withPorts(o Options) (launch, error) {
	driver, err := freePort(portFile(o.Folder))
	if err != nil {
		return l, err
	}
	args := append([]string{}, l.args...)
	if o.ClusterListen == "" {
		port, err := freePort("")
		if err != nil {
			return l, err
		}
		l.cluster = net.JoinHostPort("127.0.0.1", port)
		args = append(args, "--cluster-port", port)
	} else {
		host, port, err := net.SplitHostPort(o.ClusterListen)
		if err != nil {
			return l, err
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			host = "all"
		}
		l.cluster = o.ClusterListen
		args = append(args, "--bind-cluster", host, "--cluster-port", port)
	}
	l.args = append(args, "--driver-port", driver)
	l.driver = net.JoinHostPort("127.0.0.1", driver)
	return l, durable.WriteFile(portFile(o.Folder), []byte(driver))
}

// freePort returns a port of loopback that nobody uses now: the one in a file, if
// there is one and it is free.
func freePort(file string) (string, error) {
	wanted, err := os.ReadFile(file)
	if err != nil {
		wanted = []byte("0") // any
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", string(wanted)))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
