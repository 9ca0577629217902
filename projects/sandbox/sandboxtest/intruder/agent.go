package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox/stage"
)

// command is what the test asks for over the socket, one a connection.
type command struct {
	Arguments []string
}

// result is the answer.
type result struct {
	Output string
	Error  string
}

// serve is the agent of the tests: process 1, which starts programs through the
// shim as the real one does.
func serve(args []string) error {
	set := flag.NewFlagSet("agent", flag.ContinueOnError)
	procs := set.String("procs", "", "")
	processes := set.String("processes", "0", "")
	data := set.String("data-bytes", "0", "")
	files := set.String("open-files", "0", "")
	set.Bool("isolated", false, "")
	probe := set.Bool("probe", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	signals, err := stage.Guard()
	if err != nil {
		return err
	}
	ready := stage.Inherit(stage.ReadyFD, "ready")
	if *probe {
		_ = ready.Close()
		for range signals {
		}
	}
	listener, err := net.FileListener(stage.Inherit(stage.ListenFD, "listener"))
	if err != nil {
		return err
	}
	var doors []*os.File
	var numbers []string
	for field := range strings.FieldsFuncSeq(*procs, func(r rune) bool { return r == ',' }) {
		fd, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		numbers = append(numbers, strconv.Itoa(3+len(doors)))
		doors = append(doors, stage.Inherit(fd, "door"))
	}
	shim := []string{"shim", strings.Join(numbers, ","), *processes, *data, *files}
	_ = stage.Inherit(stage.ConfigFD, "config").Close()
	_ = ready.Close()
	go func() {
		for range signals { // noticed, and nothing more
		}
	}()
	go func() { // it ends with the process
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answer(conn, shim, doors) // the test waits for each answer
		}
	}()
	for start := range starts {
		start()
	}
	return nil
}

// starts are the starts of programs, all on the main thread: while it blocks
// signals for one, a signal without a handler gets through.
var starts = make(chan func())

func answer(conn net.Conn, shim []string, doors []*os.File) {
	defer conn.Close()
	var c command
	if json.NewDecoder(conn).Decode(&c) != nil {
		return
	}
	if len(c.Arguments) > 1 && c.Arguments[0] == "itself" {
		_ = json.NewEncoder(conn).Encode(itself(c.Arguments[1], c.Arguments[2:])) // the test sees that it is missing
		return
	}
	cmd := exec.Command("/proc/self/exe", append(append([]string{}, shim...), c.Arguments...)...)
	cmd.Env = []string{"HOME=" + stage.Home}
	cmd.ExtraFiles = doors
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	started := make(chan error)
	starts <- func() { started <- cmd.Start() }
	err := <-started
	if err == nil {
		err = cmd.Wait()
	}
	out := said.Bytes()
	const enough = 1 << 20
	r := result{Output: string(out[:min(len(out), enough)])}
	if err != nil {
		r.Error = err.Error()
	}
	if err := json.NewEncoder(conn).Encode(r); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return
	}
}

// mine guards the standard output of process 1, which goes nowhere otherwise.
var mine sync.Mutex

// itself does something hostile in process 1, as if it were taken over.
func itself(what string, args []string) (r result) {
	mine.Lock()
	defer mine.Unlock()
	fd, err := unix.MemfdCreate("said", unix.MFD_CLOEXEC)
	if err != nil {
		return result{Error: err.Error()}
	}
	said, before := os.NewFile(uintptr(fd), "said"), os.Stdout
	defer said.Close()
	os.Stdout = said
	err = act(what, args)
	os.Stdout = before
	if err != nil {
		r.Error = err.Error()
	}
	if _, err := said.Seek(0, io.SeekStart); err != nil {
		r.Error = err.Error()
	}
	out, _ := io.ReadAll(said)
	r.Output = string(out)
	return r
}
