package rethinkdbtest

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// words are an error as RethinkDB writes it.
type words string

func (w words) Error() string { return string(w) }

func says(format string, args ...any) error { return words(fmt.Sprintf(format, args...)) }

// options are the command line of rethinkdb: name → values.
type options map[string][]string

// known says which options there are and whether each has a value. They are those
// that RethinkDB 2.4 documents for a server.
var known = map[string]bool{
	"directory": true, "io-threads": true, "direct-io": false, "cache-size": true,
	"server-name": true, "server-tag": true,
	"bind": true, "bind-http": true, "bind-cluster": true, "bind-driver": true, "no-default-bind": false,
	"cluster-port": true, "driver-port": true, "port-offset": true, "join": true, "canonical-address": true,
	"cluster-reconnect-timeout": true, "http-port": true, "no-http-admin": false, "web-static-directory": true,
	"cluster-tls-key": true, "cluster-tls-cert": true, "cluster-tls-ca": true,
	"driver-tls-key": true, "driver-tls-cert": true, "driver-tls-ca": true,
	"http-tls-key": true, "http-tls-cert": true, "tls-min-protocol": true, "tls-ciphers": true, "tls-ecdh-curve": true,
	"cores": true, "pid-file": true, "daemon": false, "initial-password": true,
	"log-file": true, "no-update-check": false, "config-file": true,
}

// supported are those that the stand-in does something about; others are an error
// rather than a guess.
var supported = []string{
	"directory", "bind-cluster", "cluster-port", "driver-port", "join", "no-http-admin",
	"cluster-tls-key", "cluster-tls-cert", "cluster-tls-ca", "initial-password", "no-update-check", "config-file",
}

// repeated may be given several times.
var repeated = []string{"join", "bind-cluster"}

// parse reads a command line and the file that it names.
func parse(args []string) (options, error) {
	o := options{}
	for i := 0; i < len(args); i++ {
		name, found := strings.CutPrefix(args[i], "--")
		if !found {
			return nil, says("Error: unexpected unnamed value '%s'", args[i])
		}
		name, value, inline := strings.Cut(name, "=")
		if takes := known[name]; takes && !inline {
			if i++; i >= len(args) {
				return nil, says("Error: option '--%s' is missing its parameter", name)
			}
			value = args[i]
		}
		if err := o.put(name, value); err != nil {
			return nil, err
		}
	}
	if file := o.one("config-file"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, says("ERROR: Trouble opening config file: %v", err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			name, value, _ := strings.Cut(line, "=")
			if err := o.put(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
				return nil, err
			}
		}
	}
	return o, o.check()
}

func (o options) put(name, value string) error {
	takes, there := known[name]
	switch {
	case !there:
		return says("Error: unrecognized option '--%s'", name)
	case !slices.Contains(supported, name):
		return fmt.Errorf("rethinkdbtest does nothing about --%s", name)
	case len(o[name]) > 0 && !slices.Contains(repeated, name):
		return says("Error: option '--%s' has been given multiple times", name)
	case takes && value == "":
		return says("Error: option '--%s' is missing its parameter", name)
	}
	o[name] = append(o[name], value)
	return nil
}

// check looks at what belongs together.
func (o options) check() error {
	tls := 0
	for _, name := range []string{"cluster-tls-key", "cluster-tls-cert", "cluster-tls-ca"} {
		if o.one(name) != "" {
			tls++
		}
	}
	if tls != 0 && tls != 3 {
		return fmt.Errorf("--cluster-tls-key, --cluster-tls-cert and --cluster-tls-ca must be specified together")
	}
	for _, name := range []string{"cluster-port", "driver-port"} {
		if _, err := strconv.ParseUint(o.one(name), 10, 16); err != nil {
			return says("ERROR: --%s should be a number from 0 to 65535, not '%s'", name, o.one(name))
		}
	}
	for _, address := range o["bind-cluster"] {
		if address != "all" && net.ParseIP(address) == nil {
			return says("ERROR: bind ip address '%s' could not be parsed", address)
		}
	}
	for _, node := range o["join"] {
		if _, _, err := net.SplitHostPort(node); err != nil {
			return says("ERROR: could not parse join address '%s'", node)
		}
	}
	if o.one("directory") == "" {
		return fmt.Errorf("rethinkdbtest needs --directory")
	}
	return nil
}

func (o options) one(name string) string {
	if len(o[name]) == 0 {
		return ""
	}
	return o[name][0]
}
