// Command confined is a helper that somebody has taken over: it gives up what a
// helper gives up and then tries what it should not be able to do.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"lyceum/projects/network/helper"
	"lyceum/projects/network/link"
)

func main() {
	var filter []uint64
	err := json.NewDecoder(os.Stdin).Decode(&filter)
	if err == nil {
		err = helper.Confine(filter)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var all sync.WaitGroup
	for range 8 { // on whichever threads
		all.Go(func() { try(os.Args[1]) })
	}
	all.Wait()
	fmt.Println("tried")
}

// try prints what should not have been.
func try(door string) {
	for name, attempt := range attempts {
		if err := attempt(); err == nil || errors.Is(err, unix.ENOENT) {
			fmt.Println(name, err)
		}
	}
	for name, need := range needs {
		if err := need(door); err != nil {
			fmt.Println("needed:", name, err)
		}
	}
}

var needs = map[string]func(door string) error{
	"tcp": func(door string) error {
		conn, err := net.Dial("tcp", door)
		if err != nil {
			return err
		}
		return conn.Close()
	},
	"udp":         func(door string) error { _, err := net.Dial("udp", door); return err },
	"name":        func(string) error { _, err := net.LookupHost("localhost"); return err },
	"resolv.conf": func(string) error { _, err := os.ReadFile("/etc/resolv.conf"); return err },
	"route":       func(string) error { _, err := link.Lookup(link.Gateway4); return err },
	"serve": func(string) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		return l.Close()
	},
}

// attempts are to fail, and not because nothing is there.
var attempts = map[string]func() error{
	"read /proc/1/environ": func() error { _, err := os.ReadFile("/proc/1/environ"); return err },
	"read /usr":            func() error { _, err := os.ReadFile("/usr/bin/env"); return err },
	"list /":               func() error { _, err := os.ReadDir("/"); return err },
	"list /etc":            func() error { _, err := os.ReadDir("/etc"); return err },
	"write":                func() error { return os.WriteFile("/tmp/lyceum-confined", nil, 0o600) },
	"write /etc":           func() error { return os.WriteFile("/etc/lyceum-confined", nil, 0o600) },
	"execute":              func() error { return unix.Exec("/usr/bin/env", []string{"env"}, nil) },
	"fork": func() error {
		_, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		return asError(errno)
	},
	"clone3": func() error { _, _, errno := syscall.RawSyscall(unix.SYS_CLONE3, 0, 0, 0); return asError(errno) },
	"kill":   func() error { return unix.Kill(os.Getpid(), 0) },
	"unix":   func() error { return socket(unix.AF_UNIX, unix.SOCK_STREAM, 0) },
	"packet": func() error { return socket(unix.AF_PACKET, unix.SOCK_RAW, 0) },
	"vsock":  func() error { return socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0) },
	"audit":  func() error { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT) },
	"ptrace": func() error { return unix.PtraceAttach(os.Getppid()) },
	"bpf":    func() error { _, _, errno := syscall.RawSyscall(unix.SYS_BPF, 0, 0, 0); return asError(errno) },
	"setuid": func() error { return asError(rawSetuid()) },
	"mount":  func() error { return unix.Mount("none", "/tmp", "tmpfs", 0, "") },
}

func rawSetuid() syscall.Errno {
	_, _, errno := syscall.RawSyscall(unix.SYS_SETUID, 0, 0, 0)
	return errno
}

func asError(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func socket(family, kind, protocol int) error {
	fd, err := unix.Socket(family, kind, protocol)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}
