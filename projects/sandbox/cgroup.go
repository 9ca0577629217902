package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// controllers are those we use; one of the two generations has them.
var controllers = []string{"memory", "pids", "cpu"}

// accounting is what counts the time of processors in the first generation. It
// bounds nothing, and may be missing.
const accounting = "cpuacct"

// cgroups is where our groups lie: below the server's own, so that a bound on
// the whole of Lyceum stays one. Each project has two leaves, agent and user: in
// one, a fork bomb would take the agent along.
type cgroups struct {
	v2    bool
	roots map[string]string // controller to folder; with v2 all are the same
}

// findCgroups looks where the server is and whether it may make groups there.
// The error says in words what is missing.
func findCgroups() (*cgroups, error) {
	own, err := ownCgroups()
	if err != nil {
		return nil, err
	}
	mounts, err := cgroupMounts()
	if err != nil {
		return nil, err
	}
	c := &cgroups{roots: make(map[string]string)}
	for _, name := range controllers {
		m, ok := mounts[name]
		if !ok {
			break
		}
		c.roots[name] = filepath.Join(m.folder, strings.TrimPrefix(own[name], m.root), projectsGroup)
	}
	if len(c.roots) == len(controllers) {
		if m, ok := mounts[accounting]; ok { // often mounted with cpu, and then the same folder
			c.roots[accounting] = filepath.Join(m.folder, strings.TrimPrefix(own[accounting], m.root), projectsGroup)
		}
		return c, c.try()
	}
	m, ok := mounts[""]
	if !ok {
		return nil, errors.New("no cgroup controllers are mounted")
	}
	here := filepath.Join(m.folder, strings.TrimPrefix(own[""], m.root))
	if filepath.Base(here) == serverLeaf && madeForUs(filepath.Dir(here)) {
		here = filepath.Dir(here) // this process went into its leaf before, or was started in it
	}
	if err := delegate(here); err != nil {
		return nil, err
	}
	c.v2 = true
	for _, name := range controllers {
		c.roots[name] = filepath.Join(here, projectsGroup)
	}
	return c, c.try()
}

// ownCgroups reads where this process is: controller to path, "" is v2.
func ownCgroups() (map[string]string, error) {
	data, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	own := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		for name := range strings.SplitSeq(fields[1], ",") {
			own[name] = fields[2]
		}
	}
	return own, nil
}

type cgroupMount struct{ folder, root string }

// cgroupMounts reads where hierarchies are mounted: controller to mount, "" is
// v2.
func cgroupMounts() (map[string]cgroupMount, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found := make(map[string]cgroupMount)
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		before, after, _ := strings.Cut(scanner.Text(), " - ")
		head, tail := strings.Fields(before), strings.Fields(after)
		if len(head) < 5 || len(tail) < 3 {
			continue
		}
		m := cgroupMount{folder: head[4], root: strings.TrimSuffix(head[3], "/")}
		switch tail[0] {
		case "cgroup2":
			found[""] = m
		case "cgroup":
			for option := range strings.SplitSeq(tail[2], ",") {
				if slices.Contains(controllers, option) || option == accounting {
					found[option] = m
				}
			}
		}
	}
	return found, scanner.Err()
}

// serverLeaf is where the server itself is, beside the groups of projects.
const serverLeaf = "server"

// projectsGroup has the groups of all projects.
const projectsGroup = "lyceum"

// madeForUs reports whether a group was made for this service: nothing but the server
// and its projects is below it. Those of a service manager begin with a dot.
func madeForUs(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		name := e.Name()
		return e.IsDir() && name != serverLeaf && name != projectsGroup && !strings.HasPrefix(name, ".")
	})
}

// serverWeight is how many times as much of a processor the server gets as all
// projects together when all want it. It needs little, and everybody waits for it.
// In the first generation its threads have a weight each, as projects together.
const serverWeight = 10

// delegate makes the controllers of v2 available to groups below ours: a group
// with groups may hold no processes itself, so the server goes into a leaf, if it
// was not started there. A service manager cannot start it again elsewhere while
// projects run: to the kernel their group is busy.
func delegate(here string) error {
	control, leaf := filepath.Join(here, "cgroup.subtree_control"), filepath.Join(here, serverLeaf)
	want := "+" + strings.Join(controllers, " +")
	if writeExisting(control, want) != nil {
		if err := retire(here, leaf); err != nil {
			return err
		}
		if err := writeExisting(control, want); err != nil {
			return err
		}
	}
	err := writeExisting(filepath.Join(leaf, "cpu.weight"), strconv.Itoa(serverWeight*100)) // 100 is what all projects have
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil // in the root of a container, which may hold processes too; a leaf of the service manager's
	}
	return err
}

// retire moves this process into its leaf.
func retire(here, leaf string) error {
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return err
	}
	procs, err := os.ReadFile(filepath.Join(here, "cgroup.procs"))
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(procs)) != strconv.Itoa(os.Getpid()) {
		return errors.New("other processes share the server's cgroup; start it as a service with Delegate=yes")
	}
	return writeExisting(filepath.Join(leaf, "cgroup.procs"), "0")
}

// try makes a group and removes it again.
func (c *cgroups) try() error {
	g, err := c.create(probeName(), DefaultLimits)
	if err != nil {
		return err
	}
	return g.remove()
}

// group is the cgroups of one project; it is kept in the run folder as JSON.
type group struct {
	Folders []string `json:"folders"` // one for each hierarchy, with the leaves below
}

// parent guards the folder above all projects' groups: the last to leave removes
// it.
var parent sync.Mutex

// makeTries is how often a group is made. Another server on the machine, which
// parent does not hold back, removes the folder above whenever its last project
// leaves; that it does so between two calls of the kernel, once more at each try,
// does not happen.
const makeTries = 100

// makeFolder makes the folder of a group, and the one above it.
func makeFolder(folder string) (err error) {
	parent.Lock()
	defer parent.Unlock()
	for range makeTries {
		if err = os.MkdirAll(folder, 0o755); !errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return err
}

// group returns the groups of a project, which need not exist.
func (c *cgroups) group(name string) (g group) {
	for _, controller := range append(slices.Clone(controllers), accounting) {
		if c.roots[controller] == "" {
			continue
		}
		folder := filepath.Join(c.roots[controller], name)
		if !slices.Contains(g.Folders, folder) {
			g.Folders = append(g.Folders, folder)
		}
	}
	return g
}

// create makes both leaves with their bounds.
func (c *cgroups) create(name string, l Limits) (g group, err error) {
	g = c.group(name)
	defer func() {
		if err != nil {
			err = errors.Join(err, g.remove())
		}
	}()
	for _, folder := range g.Folders {
		if err := makeFolder(folder); err != nil {
			return g, err
		}
		if c.v2 {
			want := "+" + strings.Join(controllers, " +")
			for _, f := range []string{filepath.Dir(folder), folder} {
				if err := writeExisting(filepath.Join(f, "cgroup.subtree_control"), want); err != nil {
					return g, err
				}
			}
		}
		for _, leaf := range []string{"agent", "user"} {
			if err := os.MkdirAll(filepath.Join(folder, leaf), 0o755); err != nil {
				return g, err
			}
		}
	}
	_, err = g.bound(context.Background(), l) // nothing is in use yet
	return g, err
}

// enter moves a process into the agent's leaf.
func (g group) enter(pid int) error {
	for _, folder := range g.Folders {
		if err := writeExisting(filepath.Join(folder, "agent", "cgroup.procs"), strconv.Itoa(pid)); err != nil {
			return err
		}
	}
	return nil
}

// openUser opens the doors to the user's leaf for the shim.
func (g group) openUser() (files []*os.File, err error) {
	for _, folder := range g.Folders {
		f, err := os.OpenFile(filepath.Join(folder, "user", "cgroup.procs"), os.O_WRONLY, 0)
		if err != nil {
			closeAll(files)
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// removeWait is how long the kernel may take to let go of processes that have
// ended.
const removeWait = 2 * time.Second

// remove ends what is left in the groups and removes them.
func (g group) remove() error {
	deadline := time.Now().Add(removeWait)
	var failed error
	for _, folder := range g.Folders {
		for _, f := range []string{filepath.Join(folder, "agent"), filepath.Join(folder, "user"), filepath.Join(folder, besideLeaf), folder} {
			for {
				err := unix.Rmdir(f)
				if err == nil || errors.Is(err, unix.ENOENT) {
					break
				}
				killAll(filepath.Join(f, "cgroup.procs"))
				if time.Now().After(deadline) {
					failed = errors.Join(failed, fmt.Errorf("remove cgroup %s: %w", f, err))
					break
				}
				time.Sleep(time.Millisecond) // the kernel says nothing when a group becomes free
			}
		}
		parent.Lock()
		_ = unix.Rmdir(filepath.Dir(folder)) // fails while there is another project
		parent.Unlock()
	}
	return failed
}

func killAll(procs string) {
	data, err := os.ReadFile(procs)
	if err != nil {
		return
	}
	for field := range strings.FieldsSeq(string(data)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
}

// writeExisting writes to a file of the kernel; os.WriteFile would try to create
// it and hide the reason.
func writeExisting(name, value string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // read or handed on
	}
}
