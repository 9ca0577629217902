package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Commands are the words that may follow the flags, with what each does.
var Commands = []struct{ Name, Usage string }{
	{"serve", "serve until it is stopped; also without a command"},
	{"config", "print every setting and where its value comes from"},
	{"schema [TABLE]", "print the tables: fields, bounds, who may read and set what; for programs with --json"},
	{"doctor", "check what this machine can do and say what to install"},
	{"apparmor", "print a profile for AppArmor that lets an ordinary user isolate projects (Ubuntu)"},
	{"admin link EMAIL", "print a link that signs an account in once, for who lost the password"},
	{"claim PROJECT", "give a project whose files no server on the database has, or will have, to this server, where it begins with what its folder here has"},
	{"database status", "say how each node of the database is, and each table"},
	{"database copy", "copy all rows --from one database --to another (sqlite, sqlite:FILE, rethinkdb or rethinkdb://…), and compare them; what --from-password-file, --from-ca, --to-password-file and --to-ca do not say of a side, --database-password-file and --database-ca do"},
	{"database reconfigure", "spread the tables over the nodes as --database-shards and --database-replicas say"},
	{"database leave [NODE]", "move what a node has to the others, so that it can be stopped for good; this one if none is named"},
	{"database replace [rollback]", "give what a lost node had to the others; rollback also where most of a table is lost, which may lose the last writes"},
	{"stop projects", "end all programs in all projects; they outlive the server otherwise"},
	{"version", "print the version"},
	{"notices", "print the licences of what this program contains"},
	{"help", "print this list"},
}

// parseFlags sets Command and Args and returns the flags that were given.
// Flags may stand before and after the command.
func (c *Config) parseFlags(args []string) (map[string]string, error) {
	given := map[string]string{}
	set := flag.NewFlagSet("lyceum", flag.ContinueOnError)
	set.SetOutput(io.Discard) // errors are returned, the usage is a command
	for _, s := range settings {
		keep := func(text string) error { given[s.name] = text; return nil }
		if s.flag {
			set.BoolFunc(s.name, s.usage, keep)
		} else {
			set.Func(s.name, s.usage, keep)
		}
	}
	set.BoolVar(&c.JSON, "json", false, "")
	for _, side := range c.sides() {
		side.flags(set, given)
	}
	var words []string
	for {
		if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
			c.Command = "help"
			return given, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s; lyceum help lists the flags", strings.Replace(err.Error(), ": -", ": --", 1))
		}
		if set.NArg() == 0 {
			break
		}
		words = append(words, set.Arg(0))
		args = set.Args()[1:]
	}
	return given, c.parseCommand(words, given)
}

func (c *Config) parseCommand(words []string, given map[string]string) error {
	if len(words) == 0 {
		words = []string{"serve"}
	}
	var forms []string
	for _, known := range Commands {
		form := strings.Fields(known.Name)
		if form[0] != words[0] {
			continue
		}
		if !fits(form, words) {
			forms = append(forms, "lyceum "+known.Name)
			continue
		}
		c.Command, c.Args = words[0], words[1:]
		return c.checkExtra(strings.Join(words, " "), given)
	}
	if forms == nil {
		return fmt.Errorf("there is no command %q; lyceum help lists them", words[0])
	}
	return fmt.Errorf("%q is not complete or has too much; write %s", strings.Join(words, " "), strings.Join(forms, ", or "))
}

// checkExtra checks the flags that are for one command alone.
func (c *Config) checkExtra(command string, given map[string]string) error {
	copies := command == "database copy"
	switch {
	case c.JSON && c.Command != "schema":
		return errors.New("--json is for lyceum schema; lyceum help lists the flags")
	case !copies && c.sidesGiven(given):
		return errors.New("--from and --to are for lyceum database copy; lyceum help lists the flags")
	case copies && (c.From.Where == "" || c.To.Where == ""):
		return errors.New("lyceum database copy needs --from and --to; write for example lyceum database copy --from sqlite --to rethinkdb://user@host/name")
	case !copies:
		return nil
	}
	return c.checkSides()
}

// fits reports whether words are complete: a word of the form in capitals is
// anything, one in brackets may be missing.
func fits(form, words []string) bool {
	if len(words) > len(form) {
		return false
	}
	for i, part := range form {
		word := strings.Trim(part, "[]")
		switch {
		case i >= len(words):
			return word != part
		case word == strings.ToLower(word) && word != words[i]:
			return false
		}
	}
	return true
}

// Usage returns the commands and settings as a text for a terminal.
func Usage() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "lyceum [settings] [command]\n\nCommands\n")
	for _, c := range Commands {
		fmt.Fprintf(w, "  %s\t%s\n", c.Name, c.Usage)
	}
	fmt.Fprint(w, "\nSettings (each is also an environment variable, --base-path as LYCEUM_BASE_PATH,\nand a line of the file of --config, as base-path = \"/lyceum/\")\n")
	for _, s := range settings {
		fmt.Fprintf(w, "  --%s\t%s\n", s.name, strings.ReplaceAll(s.usage, "`", ""))
	}
	w.Flush() // a strings.Builder takes everything
	return b.String()
}
