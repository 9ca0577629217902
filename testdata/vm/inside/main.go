// The command inside is the first program of the machine of command vm: it makes
// the machine a small Debian, runs what the plan says, prints how it went, and
// switches off.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// plan and round are as in command vm.
type plan struct {
	Modules []string
	Env     []string
	Rounds  []round
}

type round struct {
	Name    string
	Folder  string
	Argv    []string
	Sysctl  map[string]string
	UID     int
	Minutes int
}

func main() {
	word := "ok"
	if err := run(); err != nil {
		word = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	fmt.Printf("\nVM-DONE %s\n", word)
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func run() error {
	fmt.Println("VM-HELLO")
	data, err := os.ReadFile("/plan.json")
	if err != nil {
		return err
	}
	var p plan
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	for _, name := range p.Modules {
		if err := load("/modules/" + name); err != nil {
			return err
		}
	}
	if err := furnish(); err != nil {
		return err
	}
	var failed []error
	for _, r := range p.Rounds {
		fmt.Printf("\n=== VM %s\n", r.Name)
		began := time.Now()
		err := r.run(p.Env)
		fmt.Printf("--- VM %s: %v (%v)\n", r.Name, err, time.Since(began).Round(time.Second))
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", r.Name, err))
		}
	}
	return errors.Join(failed...)
}

func load(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), "", 0)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load %s: %w", name, err)
	}
	return nil
}

// furnish makes the host's root the machine's, below a layer in memory, with the
// file systems of a running system.
func furnish() error {
	const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	const disk = unix.MS_NOSUID | unix.MS_NODEV
	for _, m := range []mount{
		{"9p", "host", "/host", unix.MS_RDONLY, "trans=virtio,version=9p2000.L,msize=512000,cache=loose"},
		{"tmpfs", "layer", "/layer", 0, "mode=755"},
		{"", "", "/layer/upper", 0, ""},
		{"", "", "/layer/work", 0, ""},
		{"overlay", "root", "/root", 0, "lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work"},
		{"proc", "proc", "/root/proc", quiet, ""},
		{"sysfs", "sys", "/root/sys", quiet, ""},
		{"cgroup2", "cgroup2", "/root/sys/fs/cgroup", quiet, ""},
		{"devtmpfs", "dev", "/root/dev", unix.MS_NOSUID, "mode=755"},
		{"devpts", "devpts", "/root/dev/pts", unix.MS_NOSUID | unix.MS_NOEXEC, "mode=620,ptmxmode=666,gid=5"},
		{"tmpfs", "shm", "/root/dev/shm", disk, "mode=1777"},
		{"tmpfs", "run", "/root/run", disk, "mode=755"},
		{"tmpfs", "tmp", "/root/tmp", disk, "mode=1777"},
	} {
		if err := m.make(); err != nil {
			return err
		}
	}
	err := errors.Join(unix.Chdir("/root"), unix.Mount(".", "/", "", unix.MS_MOVE, ""), unix.Chroot("."), unix.Chdir("/"),
		unix.Sethostname([]byte("vm")), loopback(), os.WriteFile("/proc/sys/kernel/printk", []byte("3"), 0))
	if err != nil {
		return err
	}
	for _, m := range []mount{
		{"ext4", "/dev/vda", "/data", 0, "usrquota"},
		{"xfs", "/dev/vdb", "/data-xfs", 0, "uquota"},
		{"", "", "/data/tmp", 0, ""},
	} {
		if err := m.make(); err != nil {
			return err
		}
	}
	return os.Chmod("/data/tmp", 0o777|os.ModeSticky)
}

// mount is a file system to mount, or without a kind a folder to make.
type mount struct {
	kind, source, target string
	flags                uintptr
	options              string
}

func (m mount) make() error {
	if err := os.MkdirAll(m.target, 0o755); err != nil {
		return err
	}
	if m.kind == "" {
		return nil
	}
	if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.options); err != nil {
		return fmt.Errorf("mount %s at %s: %w", m.kind, m.target, err)
	}
	return nil
}

// loopback switches on the only network that there is.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

// run runs one round as a service manager would: in a cgroup of its own, which is
// delegated to it.
func (r round) run(env []string) (err error) {
	before, err := set(r.Sysctl)
	defer func() {
		_, restored := set(before)
		err = errors.Join(err, restored)
	}()
	if err != nil {
		return err
	}
	// As a service manager gives it: the controllers are there, not yet divided.
	const all = "/sys/fs/cgroup"
	if err := os.WriteFile(all+"/cgroup.subtree_control", []byte("+memory +pids +cpu +cpuset +io"), 0); err != nil {
		return fmt.Errorf("divide the controllers: %w", err)
	}
	group := all + "/" + strings.ReplaceAll(r.Name, " ", "-") + ".service"
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(group, unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	attr := &syscall.ProcAttr{
		Dir: r.Folder, Env: env, Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(f.Fd()), Setsid: true},
	}
	if r.UID != 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: uint32(r.UID), Gid: uint32(r.UID)}
	}
	pid, err := syscall.ForkExec(r.Argv[0], r.Argv, attr)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	late := time.AfterFunc(time.Duration(r.Minutes)*time.Minute, func() { _ = unix.Kill(pid, unix.SIGKILL) })
	defer late.Stop()
	return errors.Join(wait(pid), nothingLeft(group))
}

// wait reaps all, as the first program must, until pid has ended.
func wait(pid int) error {
	for {
		var status unix.WaitStatus
		ended, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("wait: %w", err)
		case ended == pid && status.Signaled():
			return fmt.Errorf("ended by %v", status.Signal())
		case ended == pid && status.ExitStatus() != 0:
			return fmt.Errorf("ended with %d", status.ExitStatus())
		case ended == pid:
			return nil
		}
	}
}

// nothingLeft fails if a round has left processes.
func nothingLeft(group string) error {
	var left []string
	err := filepath.WalkDir(group, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "cgroup.procs" {
			return nil // another file, or gone
		}
		for pid := range strings.FieldsSeq(read(path)) {
			left = append(left, pid+" "+read("/proc/"+pid+"/comm"))
		}
		return nil
	})
	if len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("left running: %s", strings.Join(left, ", ")))
	}
	return err
}

func read(path string) string {
	data, _ := os.ReadFile(path) // what is gone has nothing in it
	return strings.TrimSpace(string(data))
}

// set sets values below /proc/sys and returns those before.
func set(values map[string]string) (before map[string]string, err error) {
	before = make(map[string]string)
	for name, value := range values {
		before[name] = read("/proc/sys/" + name)
		err = errors.Join(err, os.WriteFile("/proc/sys/"+name, []byte(value), 0))
	}
	return before, err
}
