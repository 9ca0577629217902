package config

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
)

// Side is a database to copy from or to.
type Side struct {
	Name         string // "from" or "to", as its flags begin
	Where        string // as Database.Where, or SQLite, a colon and the path of a file
	PasswordFile string // as in Database, whose one it is unless the side has its own
	CA           string // the same
}

func (c *Config) sides() []*Side { return []*Side{&c.From, &c.To} }

// flags are those of the side. What is not known before the settings are is put
// into given.
func (s *Side) flags(set *flag.FlagSet, given map[string]string) {
	set.StringVar(&s.Where, s.Name, "", "")
	for _, name := range []string{s.passwordFlag(), s.caFlag()} {
		set.Func(name, "", func(text string) error { given[name] = text; return nil })
	}
}

func (s *Side) passwordFlag() string { return s.Name + "-password-file" }
func (s *Side) caFlag() string       { return s.Name + "-ca" }

// sidesGiven reports whether there is a flag of a side.
func (c *Config) sidesGiven(given map[string]string) bool {
	for _, s := range c.sides() {
		_, password := given[s.passwordFlag()]
		_, ca := given[s.caFlag()]
		if s.Where != "" || password || ca {
			return true
		}
	}
	return false
}

// checkSides checks what is copied from and to, and makes paths of files absolute.
func (c *Config) checkSides() error {
	for _, s := range c.sides() {
		if err := s.check(); err != nil {
			return fmt.Errorf("%s: %w (flag --%[1]s)", s.Name, err)
		}
	}
	if c.From.Where == c.To.Where {
		return fmt.Errorf("--from and --to are both %s; name two databases", c.From.Where)
	}
	return nil
}

func (s *Side) check() error {
	path, isFile := strings.CutPrefix(s.Where, SQLite+":")
	if !isFile {
		return CheckDatabase(s.Where)
	}
	path, err := absolute(path)
	s.Where = SQLite + ":" + path
	return err
}

// reachSides says how each side is reached: as its flags say, an empty one that it
// needs none, else as the settings do.
func (c *Config) reachSides(given map[string]string) (err error) {
	for _, s := range c.sides() {
		s.PasswordFile, s.CA = c.Database.PasswordFile, c.Database.CA
		for name, own := range map[string]*string{s.passwordFlag(): &s.PasswordFile, s.caFlag(): &s.CA} {
			text, there := given[name]
			if !there {
				continue
			}
			if !(Database{Where: s.Where}).External() {
				return fmt.Errorf("%s: is for --%s rethinkdb://…, and that is %s; leave it out (flag --%[1]s)", name, s.Name, s.Where)
			}
			whole := absolute
			if name == s.caFlag() {
				whole = authority
			}
			if *own, err = whole(text); err != nil {
				return fmt.Errorf("%s: %w (flag --%[1]s)", name, err)
			}
		}
	}
	return nil
}

// At is the configuration of who has the database of a side for its own.
func (c *Config) At(s Side) *Config {
	at := *c
	at.Database.Where, at.Database.PasswordFile, at.Database.CA = s.Where, s.PasswordFile, s.CA
	return &at
}

// authority makes the path of a file of certificates absolute; the machine's own
// authorities have none.
func authority(text string) (string, error) {
	if text == SystemCA {
		return text, nil
	}
	return absolute(text)
}

// absolute makes the path of a file absolute; none stays none.
func absolute(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	path, err := filepath.Abs(text)
	if err != nil {
		return "", fmt.Errorf("%q is not a path that can be made absolute; write one that begins with /", text)
	}
	return path, nil
}
