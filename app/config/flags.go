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
	{"doctor", "check what this machine can do and say what to install"},
	{"admin link EMAIL", "print a link that signs an account in once, for who lost the password"},
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
	return given, c.parseCommand(words)
}

func (c *Config) parseCommand(words []string) error {
	if len(words) == 0 {
		c.Command = "serve"
		return nil
	}
	for _, known := range Commands {
		form := strings.Fields(known.Name)
		if form[0] != words[0] {
			continue
		}
		if len(form) != len(words) || (len(form) > 1 && form[1] != words[1]) {
			return fmt.Errorf("%q is not complete or has too much; write lyceum %s", strings.Join(words, " "), known.Name)
		}
		c.Command, c.Args = words[0], words[1:]
		return nil
	}
	return fmt.Errorf("there is no command %q; lyceum help lists them", words[0])
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
