// Command rethinkdb is the database of the tests with browsers and of the
// benchmark: a server for
// tests that speaks RethinkDB's driver protocol (lyceum/app/rethinkstore/rethinktest),
// with faults on demand. Its tables are lost when it ends.
//
// It prints "ready at HOST:PORT" and then takes commands, one a line, and answers
// each with a line of its own, "done" or what is wrong:
//
//	cut MILLISECONDS  cuts all connections again and again
//	mend              ends that
//	stop              ends all nodes
//	start             starts them again, with what they had
//	skip TABLE N      lets the feeds of a table of the database lyceum lose N changes
//	feeds             is answered with how many feeds are open, and of how many tables
//
// It ends with its input, so that it outlives nobody who has started it.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"lyceum/app/rethinkstore/rethinktest"
)

// database is the one whose feeds can be made to skip.
const database = "lyceum"

func main() {
	password := flag.String("password", "", "of the user admin")
	flag.Parse()
	if err := run(*password, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rethinkdb:", err)
		os.Exit(1)
	}
}

// run serves until the input ends.
func run(password string, in io.Reader, out io.Writer) error {
	s, end, err := rethinktest.Run(rethinktest.Options{Users: map[string]string{"admin": password}})
	if err != nil {
		return err
	}
	defer end()
	f := &faults{server: s, mend: func() {}}
	defer func() { f.mend() }()
	if _, err := fmt.Fprintln(out, "ready at", s.Address()); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		answer := "done"
		if lines.Text() == "feeds" {
			answer = feedsOf(s)
		} else if err := f.do(strings.Fields(lines.Text())); err != nil {
			answer = err.Error()
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func feedsOf(s *rethinktest.Server) string {
	feeds, tables := s.AllFeeds()
	return fmt.Sprint(feeds, " ", tables)
}

// faults carries out commands.
type faults struct {
	server *rethinktest.Server
	mend   func() // ends the cuts
}

var errCommand = errors.New("no such command; known are cut MILLISECONDS, mend, stop, start, skip TABLE N, feeds")

func (f *faults) do(words []string) error {
	if len(words) == 0 {
		return errCommand
	}
	args := words[1:]
	switch {
	case words[0] == "cut" && len(args) == 1:
		ms, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		if ms < 1 {
			return errCommand
		}
		f.mend()
		f.mend = f.server.CutEvery(time.Duration(ms) * time.Millisecond)
	case words[0] == "mend" && len(args) == 0:
		f.mend()
	case words[0] == "stop" && len(args) == 0:
		f.server.Stop()
	case words[0] == "start" && len(args) == 0:
		f.server.Start()
	case words[0] == "skip" && len(args) == 2:
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		f.server.SkipChanges(database, args[0], n)
	default:
		return errCommand
	}
	return nil
}
