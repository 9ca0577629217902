// Command bench measures an executable of Lyceum and prints one table in
// Markdown. It is given the executable, which it starts on a data directory in
// the folder for temporary files (TMPDIR chooses another disk); everything else
// goes over the wire, as from browsers. There are no thresholds: numbers depend
// on the machine, and what else it does. The clients and the server share it.
//
// The rows, each against a peer where there is a program that does the same:
//
//   - Start: from the exec of `serve` to the answer of healthz, once with a data
//     directory that is made, once with one that is there.
//   - Memory: PSS is a process's own memory and its share of what it has in
//     common with others; RSS counts what is shared as a whole. Idle is a server
//     that nobody is connected to, then the processes of a project that runs with
//     one terminal that nobody watches. The last rows are the server after all of
//     the other measurements, when everybody has left but one.
//   - Project start: from the set of a row that asks for the start of a new
//     project to the prompt of bash on the socket of its terminal. The peers are
//     the prompt of bash in bwrap and in runc with every namespace of its own, and
//     of a bare bash, on a pseudo-terminal too, in turns with ours.
//   - Key: from a key being pressed to its change on the socket of each other
//     person in that document, with an account and a connection for each. A tab
//     sends the next key when the one before is acknowledged, as browsers do; a
//     key that has to wait for that counts from when it was due. A change is
//     shown only when it is on disk, so the peer is the part that nobody can
//     leave out: appending 4 KiB to a file in the same folder, and fsync.
//   - cat: from the Enter of `cat` with a file of 100 MB to the last byte on the
//     viewer's socket (a word that is printed after it): alone, with a second
//     viewer that reads nothing, and with nineteen more that read. The
//     shell never waits for a viewer (T2), and one that is slower than the shell
//     gets the newest (T3): how much was left out for it is a row of its own. The
//     peer is script(1) without a file, read through a pipe.
//   - Files seen: from the Enter of a command that makes a thousand files to the
//     row of their folder that has all. The peer is the command's own end.
//   - Idle projects: processor time over a minute, and memory, of the server and
//     of all that runs in one and in two hundred projects with a shell each.
//   - The class: forty students start a project within thirty seconds and press
//     five keys a second in its shell, while one runs a fork bomb, one eats memory,
//     one fills its disk and one prints without end. A key counts from when it was
//     due to its echo on the socket. The peer is a bare bash that gets the same
//     keys at the same time from the same process: what the machine itself delays.
//   - Live queries: a thousand connections on a server of its own. Ten watches
//     concern each project that is written; no two ask the same, so that nothing
//     is shared. Memory of each is what they add to connections that watch
//     nothing. What is open beyond 10,000 is concerned by no write.
//   - RethinkDB: the same connections with ten watches each, half of them at a
//     second server; both have their rows in the server for tests, a process of
//     its own. All writes go to the first. The peer is a feed of the driver over a
//     table of its own, which is written and followed meanwhile by the benchmark.
//   - Network: from dd in a project with a network to a server in a network
//     namespace of the benchmark, against the same program without a sandbox.
//   - Sizes: of the executable and of the agent in it, as a project runs it.
//   - First load: the bytes of page, scripts and styles that the server sends to
//     show a page; the editor and the terminal are what they need beyond the
//     shell, which is the frame with a project and its files.
//
// With the word large it compares instead a site of five million rows with one of
// fifty thousand: how it opens, and what gets, lists and live queries take. It
// needs some minutes and two gigabytes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	measure := (*lab).ordinary
	switch {
	case len(os.Args) == 3 && os.Args[2] == "large":
		measure = (*lab).large
	case len(os.Args) == 3 && alone[os.Args[2]] != nil:
		measure = alone[os.Args[2]]
	case len(os.Args) != 2:
		fmt.Fprintln(os.Stderr, "usage: bench EXECUTABLE [large|live|rethinkdb|class|idle]")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], measure, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// alone are measurements that can be asked for by their name, for work on them.
var alone = map[string]func(*lab, context.Context, io.Writer) error{
	"live":      (*lab).onlyLive,
	"rethinkdb": func(l *lab, ctx context.Context, _ io.Writer) error { return l.rethinkdb(ctx) },
	"class":     func(l *lab, ctx context.Context, _ io.Writer) error { return l.class(ctx) },
	"idle":      func(l *lab, ctx context.Context, _ io.Writer) error { return l.idle(ctx) },
}

// lab is what the measurements share.
type lab struct {
	executable string
	folder     string // for data directories and other files; removed at the end
	server     *server
	ada        *person // administrator, owner of the project
	tab        *tab    // of ada
	project    string  // runs
	table      table
}

// clean ends what was started and removes what was written. Where a program may
// be left, the folder stays: it says which.
func (l *lab) clean() error {
	if l.server != nil {
		if err := l.server.remove(); err != nil {
			return fmt.Errorf("something may be left, see %s: %w", l.folder, err)
		}
	}
	return os.RemoveAll(l.folder)
}

// run measures everything and prints the table. What it has started is ended and
// what it has written is removed when it returns.
func run(ctx context.Context, executable string, measure func(*lab, context.Context, io.Writer) error, out, progress io.Writer) (err error) {
	l := &lab{}
	if l.executable, err = filepath.Abs(executable); err != nil {
		return err
	}
	if l.folder, err = os.MkdirTemp("", "lyceum-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.clean()) }()
	if err := measure(l, ctx, progress); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // a signal: nothing is wrong
		}
		return err
	}
	_, err = fmt.Fprint(out, l.table)
	return err
}

// ordinary is what make bench measures.
func (l *lab) ordinary(ctx context.Context, progress io.Writer) (err error) {
	fmt.Fprintln(progress, "starts")
	if err := l.starts(ctx); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if l.server, err = serve(ctx, l.executable, filepath.Join(l.folder, "data")); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"memory", l.memory}, {"project starts", l.prompts}, {"keys", l.keys}, {"cat", l.cats}, {"changes", l.changes},
		{"sizes", l.sizes}, {"pages", l.pages}, {"live queries", l.lives}, {"RethinkDB", l.rethinkdb}, {"network", l.network},
		{"idle projects", l.idle}, {"class", l.class}, {"memory at the end", l.memoryAfter},
	} {
		fmt.Fprintln(progress, part.name)
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w\n%s", part.name, err, l.server.console)
		}
	}
	return nil
}
