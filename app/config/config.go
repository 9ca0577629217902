package config

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

// Config is everything an operator can set. Load fills it and nothing else
// reads the environment or parses a flag. It is not changed after Load.
type Config struct {
	Command string   // one of Commands
	Args    []string // what follows the command
	JSON    bool     // the command answers for programs
	From    Side     // the database to copy from; Where is "" unless the command copies
	To      Side     // the database to copy to

	Listen        string        // address to serve on, "host:port"; port 0 takes a free one
	Data          string        // folder that holds everything worth backing up; absolute
	BasePath      string        // path below which everything is served; begins and ends with "/"
	Isolation     string        // one of Isolations
	InsecureHTTP  bool          // plain HTTP beyond this machine is wanted
	ProjectUIDs   UIDRange      // user ids that projects get when the server runs as root
	SaveAfter     time.Duration // pause in typing after which a document is written to disk
	IdleLook      time.Duration // how often it is looked whether a project is idle
	PingEvery     time.Duration // how often a silent connection is used, so that no proxy closes it
	Metrics       string        // address of /metrics, "host:port"; "" serves none
	ServerName    string        // what people call this server among those on its database; "" is the machine's name
	ServerAddress string        // URL at which browsers reach it, ends with "/"; "" is derived from Listen and BasePath
	Database      Database      // where rows are kept
	File          string        // the TOML file that was asked for; "" is the default one, if it is there

	origins map[string]string // setting → where its value comes from
}

// Isolations are the ways in which projects can be kept apart from the machine
// and from each other: the strongest that this machine can do, three by name,
// and none at all.
var Isolations = []string{"auto", "root-userns", "root", "unprivileged", "none"}

// UIDRange is a range of user ids of the host.
type UIDRange struct {
	First, Count uint32
}

// String returns the range as it is written in a setting.
func (r UIDRange) String() string { return fmt.Sprintf("%d:%d", r.First, r.Count) }

// Load reads the configuration for a command line (without the program's name).
// Its errors are for the operator as they stand.
func Load(args []string, getenv func(string) string) (*Config, error) {
	return load(args, getenv, os.Geteuid() == 0)
}

func load(args []string, getenv func(string) string, root bool) (*Config, error) {
	c := &Config{From: Side{Name: "from"}, To: Side{Name: "to"}, origins: map[string]string{}}
	given, err := c.parseFlags(args)
	if err != nil {
		return nil, err
	}
	values, err := collect(given, getenv, root)
	if err != nil {
		return nil, err
	}
	for _, s := range settings {
		v, ok := values[s.name]
		if !ok {
			v = value{text: s.preset(getenv, root), origin: "default"}
		}
		if err := s.set(c, v.text); err != nil {
			return nil, fmt.Errorf("%s: %w (%s)", s.name, err, v.origin)
		}
		c.origins[s.name] = v.origin
	}
	if err := c.reachSides(given); err != nil {
		return nil, err
	}
	return c, c.validate()
}

// Given reports whether somebody has set a setting, and it is not the default.
func (c *Config) Given(setting string) bool {
	origin, known := c.origins[setting]
	return known && origin != "default"
}

// String lists every setting, its value and where the value comes from.
func (c *Config) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range settings {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.name, s.get(c), c.origins[s.name])
	}
	w.Flush() // a strings.Builder takes everything
	return b.String()
}
