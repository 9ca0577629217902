// Command liar is an agent that lies, for the tests of who has to live with it: a
// project whose id begins with "liar-" is treated as the rest of its id says, every
// other has the real agent.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"lyceum/projects/agent"
	"lyceum/projects/sandbox/stage"
)

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "liar:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) < 2:
		return fmt.Errorf("this program is started by tests")
	case args[1] == "stage":
		return stage.Run()
	case args[1] == "shim":
		return stage.Shim(args[2:])
	case slices.Contains(args, "-probe"):
		return agent.Run(args[2:])
	}
	data, err := io.ReadAll(os.NewFile(stage.ConfigFD, "config"))
	if err != nil {
		return err
	}
	var config agent.Config
	if err := json.Unmarshal(data, &config); err != nil {
		return err
	}
	if lie, lies := strings.CutPrefix(config.Project, "liar-"); lies {
		return live(lie, config)
	}
	return handOn(data, args[2:])
}

// handOn runs the real agent, with the configuration once more in its pipe.
func handOn(config []byte, args []string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	if _, err := w.Write(config); err != nil { // it fits into a pipe
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := unix.Dup3(int(r.Fd()), stage.ConfigFD, 0); err != nil {
		return err
	}
	return agent.Run(args)
}

// live is a life of lies.
func live(lie string, config agent.Config) error {
	signals, err := stage.Guard()
	if err != nil {
		return err
	}
	go func() { // to the end of the process
		for range signals {
		}
	}()
	listener, err := net.FileListener(os.NewFile(stage.ListenFD, "listener"))
	if err != nil {
		return err
	}
	if err := os.NewFile(stage.ReadyFD, "ready").Close(); err != nil {
		return err
	}
	if lie == "dies before the hello" {
		return nil
	}
	for n := 0; ; n++ {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go talk(conn, lie, n, config) // to the end of the process
	}
}

// greet answers a hello as it should be, changed by change.
func greet(conn net.Conn, config agent.Config, change func(*agent.Hello)) error {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	data := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(conn, data); err != nil {
		return err
	}
	var h agent.Hello
	if err := json.Unmarshal(data, &h); err != nil {
		return err
	}
	h.Secret, h.Project = config.Secret, config.Project
	change(&h)
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	_, err = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...))
	return err
}
