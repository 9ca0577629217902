package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tryAll makes every attempt that is a single act and says how each ended: an
// errno's name, "ok", or what was found. Arguments say what the host has:
// name=value.
func tryAll(args []string) map[string]string {
	did := make(attempts)
	tryCalls(did)
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch kind, _, _ := strings.Cut(name, ":"); kind {
		case "read":
			did["1/"+name] = open(value, os.O_RDONLY)
			link := "/home/user/link"
			_ = os.Remove(link)
			if err := os.Symlink(value, link); err == nil {
				did["1/"+name+"_by_link"] = open(link, os.O_RDONLY)
			}
		case "pid":
			pid, _ := strconv.Atoi(value)
			did["2/kill_of_host"] = reason(unix.Kill(pid, unix.SIGKILL))
		case "dial":
			network, address, _ := strings.Cut(value, ",")
			did["3/"+name] = dial(network, address)
		case "rights":
			did["3/"+name] = takeOver(value)
		}
	}
	did["2/processes"] = processes()
	for name, path := range map[string]string{
		"mem": "/proc/1/mem", "environ": "/proc/1/environ", "maps": "/proc/1/maps", "fd": "/proc/1/fd",
		"root": "/proc/1/root/etc/passwd", "exe": "/proc/1/exe",
	} {
		did["7/read_"+name] = open(path, os.O_RDONLY)
	}
	sweepAgent(did)
	did["7/write_mem"] = open("/proc/1/mem", os.O_RDWR)
	did["7/write_exe"] = open("/proc/1/exe", os.O_WRONLY)
	did["7/write_own_exe"] = open("/proc/self/exe", os.O_RDWR)
	for _, path := range []string{
		"/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger",
		"/proc/self/uid_map", "/proc/self/gid_map", "/proc/1/oom_score_adj",
	} {
		did["8/write_"+path] = write(path)
	}
	for _, path := range []string{"/x", "/etc/x", "/usr/x", "/usr/bin/x", "/bin/x", "/lib/x", "/dev/x", "/root/x", "/opt/x", "/proc/x", "/sys/x", "/sys/fs/cgroup/x", "/run/x"} {
		did["8/create_"+path] = open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	}
	did["8/oom_score"] = reason(os.WriteFile("/proc/self/oom_score_adj", []byte("-1000"), 0))
	did["8/chmod_/dev/null"] = reason(os.Chmod("/dev/null", 0o600))
	did["8/write_/etc/passwd"] = open("/etc/passwd", os.O_WRONLY)
	did["8/chmod_/"] = reason(os.Chmod("/", 0o777))
	return did
}

// public is what everybody may read of the agent, as of every process: how it is
// called, what it uses, which file systems it sees.
var public = map[string]bool{
	"cmdline": true, "comm": true, "stat": true, "statm": true, "status": true, "cgroup": true, "limits": true,
	"mountinfo": true, "mounts": true, "mountstats": true, "oom_adj": true, "oom_score": true, "oom_score_adj": true,
	"sched": true, "schedstat": true, "cpuset": true, "loginuid": true, "sessionid": true, "wchan": true,
	"cpu_resctrl_groups": true, "children": true, "setgroups": true, "autogroup": true, "latency": true, "current": true,
	"uid_map": true, "gid_map": true, "projid_map": true, "coredump_filter": true, "timens_offsets": true, "arch_status": true,
}

// sweepAgent tries every file that the kernel has about process 1, whatever this
// kernel has.
func sweepAgent(did attempts) {
	folders := []string{"/proc/1"}
	for _, tid := range threads(1) {
		folders = append(folders, fmt.Sprintf("/proc/1/task/%d", tid))
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			did["7/sweep"] = reason(err)
			return
		}
		for _, e := range entries {
			name := folder + "/" + e.Name()
			if e.IsDir() {
				continue
			}
			if got := write(name); got == "ok" {
				did["7/sweep_write_"+name] = got
			}
			if got := open(name, os.O_RDONLY); got == "ok" && !public[e.Name()] {
				did["7/sweep_read_"+name] = readable(name)
			}
		}
		did["7/sweep"] = "ok" // it was made
	}
}

// readable tells a file that opens and says nothing from one that says something.
func readable(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return reason(err)
	}
	return strings.TrimSpace(string(data[:min(len(data), 80)]))
}

// threads returns those of a process.
func threads(pid int) (tids []int) {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

func open(path string, flags int) string {
	f, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		_ = f.Close()
	}
	return reason(err)
}

// write tries to write what changes nothing: some files refuse only that.
func write(path string) string {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return reason(err)
	}
	defer f.Close()
	_, err = f.WriteString("0")
	return reason(err)
}

func reason(err error) string {
	if err == nil {
		return "ok"
	}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return word(errno)
	}
	return err.Error()
}

func dial(network, address string) string {
	if network == "mapped" {
		return dialMapped(address)
	}
	const patience = 2 * time.Second
	conn, err := net.DialTimeout(network, address, patience)
	if err == nil {
		_ = conn.Close()
	}
	return reason(err)
}

// dialMapped connects to an IPv4 address in its IPv6 form, which net.Dial does
// not do.
func dialMapped(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err.Error()
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM, 0)
	if err != nil {
		return reason(err)
	}
	defer unix.Close(fd)
	to := &unix.SockaddrInet6{}
	copy(to.Addr[:], net.ParseIP(host).To16())
	to.Port, _ = strconv.Atoi(port)
	return reason(unix.Connect(fd, to))
}

// processes lists what /proc shows beside process 1, this one and its parents.
func processes() string {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return reason(err)
	}
	var strangers []string
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		name, _ := os.ReadFile("/proc/" + e.Name() + "/comm")
		if n := strings.TrimSpace(string(name)); n != "intruder" && n != "5" && n != "exe" {
			strangers = append(strangers, fmt.Sprintf("%s=%s", e.Name(), n))
		}
	}
	return strings.Join(strangers, " ")
}
