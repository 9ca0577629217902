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
		}
	}
	did["2/processes"] = processes()
	for name, path := range map[string]string{
		"mem": "/proc/1/mem", "environ": "/proc/1/environ", "maps": "/proc/1/maps", "fd": "/proc/1/fd",
		"root": "/proc/1/root/etc/passwd", "exe": "/proc/1/exe",
	} {
		did["7/read_"+name] = open(path, os.O_RDONLY)
	}
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
	did["8/write_/etc/passwd"] = open("/etc/passwd", os.O_WRONLY)
	did["8/chmod_/"] = reason(os.Chmod("/", 0o777))
	return did
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
