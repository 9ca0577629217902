package projects

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"crypto/rand"

	"golang.org/x/sys/unix"

	"lyceum/app/durable"
	"lyceum/projects/sandbox"
)

func runFolder(data string) string { return filepath.Join(data, "run") }

// record is what a later server must know of an agent. It is in a file that
// only the server can read.
type record struct {
	Project string         `json:"project"`
	Secret  string         `json:"secret"`
	Process sandbox.Handle `json:"process"` // zero until the agent has started
	// Socket tells the folder from a copy of it, whose processes are the
	// original's. Absent in those of older versions.
	Socket socketID `json:"socket,omitzero"`
}

// socketID is of a file, as long as it exists.
type socketID struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
}

func socketOf(folder string) (socketID, error) {
	var s unix.Stat_t
	if err := unix.Lstat(filepath.Join(folder, socketName), &s); err != nil {
		return socketID{}, fmt.Errorf("look at the agent's socket: %w", err)
	}
	return socketID{Device: s.Dev, Inode: s.Ino}, nil
}

// copied reports whether a folder is a copy of the one that the record was made
// for: of a data directory that was copied while projects ran. Its process is the
// original's and must live.
func (r record) copied(folder string) bool {
	switch {
	case r.Socket != (socketID{}):
		is, err := socketOf(folder)
		return err != nil || is != r.Socket
	case r.Process.PID == 0:
		return false // it was never made
	}
	// An older version's record says nothing, but an agent listens as long as it
	// lives.
	err := socketPath(folder, func(path string) error {
		conn, err := net.Dial("unix", path)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	if !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.ENOENT) {
		return false
	}
	process, err := sandbox.Find(r.Process)
	if err != nil {
		return false // it has ended, and what it has left is ours to remove
	}
	process.Close()
	return true
}

const (
	recordName = "agent.json"
	socketName = "s"
)

// newRunFolder makes run/<8 hex digits>: the name is short because a socket's
// path may have no more than a hundred bytes.
func newRunFolder(data string) (string, error) {
	for {
		var name [4]byte
		_, _ = rand.Read(name[:]) // never fails
		folder := filepath.Join(runFolder(data), hex.EncodeToString(name[:]))
		err := os.Mkdir(folder, 0o700)
		if err == nil {
			return folder, nil
		}
		if !errors.Is(err, os.ErrExist) {
			return "", fmt.Errorf("make the folder of an agent: %w", err)
		}
	}
}

// runFolders returns the folders of agents, dead or alive.
func runFolders(data string) ([]string, error) {
	entries, err := os.ReadDir(runFolder(data))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, filepath.Join(runFolder(data), e.Name()))
		}
	}
	return folders, nil
}

func readRecord(folder string) (record, error) {
	data, err := os.ReadFile(filepath.Join(folder, recordName))
	if err != nil {
		return record{}, err
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return record{}, fmt.Errorf("decode %s: %w", recordName, err)
	}
	return r, nil
}

func writeRecord(folder string, r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(folder, recordName), data)
}

// nextGeneration counts the starts of servers.
func nextGeneration(name string) (int64, error) {
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("read the generation: %w", err)
	}
	n := int64(0)
	if len(data) > 0 {
		if n, err = strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err != nil {
			return 0, fmt.Errorf("read the generation: %w", err)
		}
	}
	n++
	if err := durable.WriteFile(name, []byte(strconv.FormatInt(n, 10)+"\n")); err != nil {
		return 0, fmt.Errorf("write the generation: %w", err)
	}
	return n, nil
}

// socketPath calls fn with a path to the socket in a folder that is short
// enough, however long the data directory's is.
func socketPath(folder string, fn func(path string) error) error {
	return pathIn(folder, socketName, fn)
}

// pathIn does so for any name in the folder.
func pathIn(folder, name string, fn func(path string) error) error {
	f, err := os.OpenFile(folder, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return fn(fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), name))
}

// listen makes the socket; the file is for the agent.
func listen(folder string) (*os.File, error) { return listenIn(folder, socketName) }

func listenIn(folder, name string) (file *os.File, err error) {
	err = pathIn(folder, name, func(path string) error {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			return err
		}
		l.SetUnlinkOnClose(false)
		file, err = l.File()
		return errors.Join(err, l.Close())
	})
	return file, err
}
