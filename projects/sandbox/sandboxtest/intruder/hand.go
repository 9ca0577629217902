package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// handOut listens where somebody else might come, by a name and by paths, and
// gives whoever comes a descriptor of the home.
func handOut() error {
	home, err := unix.Open("/home/user", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	for name, address := range map[string]string{
		"name": "@intruder-hands-out", "tmp": "/tmp/hand", "home": "/home/user/hand", "shm": "/dev/shm/hand", "run": "/run/user/hand",
	} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
		if err != nil {
			return err
		}
		fmt.Printf("%s=%s ", name, address)
		go func() { // ends with the program
			for {
				conn, err := l.AcceptUnix()
				if err != nil {
					return
				}
				_, _, _ = conn.WriteMsgUnix([]byte("x"), unix.UnixRights(home), nil) // who has not waited gets nothing
				_ = conn.Close()
			}
		}()
	}
	fmt.Println()
	return stay()
}

// takeOver takes a descriptor over a socket and says what it is good for: "ok" if a
// file of whoever sent it can be opened by it.
func takeOver(address string) string {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: address, Net: "unix"})
	if err != nil {
		return reason(err)
	}
	defer conn.Close()
	const room = 64 // one descriptor's
	data, rights := make([]byte, 1), make([]byte, room)
	_, n, _, _, err := conn.ReadMsgUnix(data, rights)
	if err != nil {
		return reason(err)
	}
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	if err != nil || len(messages) != 1 {
		return "nothing came"
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return "nothing came"
	}
	defer unix.Close(fds[0])
	fd, err := unix.Openat(fds[0], "intruder", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return reason(err)
}

// fromMemory executes a program that is in no file system, with the mark of one
// that has the rights of its owner: no mount forbids that here.
func fromMemory(args []string) error {
	fd, err := unix.MemfdCreate("intruder", 0)
	if err != nil {
		return err
	}
	program := os.NewFile(uintptr(fd), "intruder")
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	_, err = io.Copy(program, self)
	if err = errors.Join(err, self.Close(), unix.Fchmod(fd, 0o6755)); err != nil {
		return err
	}
	read, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd)) // what may be written is not executed
	if err = errors.Join(err, program.Close()); err != nil {
		return err
	}
	return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", read.Fd()), append([]string{"intruder"}, args...), os.Environ())
}

// links tries to get hard links to files of others into the project's folders, and
// says how each attempt ended; a link that was made is read.
func links(targets []string) error {
	did := make(attempts)
	for _, target := range targets {
		for _, folder := range []string{"/home/user", "/tmp"} {
			name := folder + "/linked"
			for how, link := range map[string]func() error{
				"link": func() error { return unix.Link(target, name) },
				"descriptor": func() error {
					fd, err := unix.Open(target, unix.O_PATH|unix.O_CLOEXEC, 0)
					if err != nil {
						return err
					}
					defer unix.Close(fd)
					return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
				},
			} {
				got := reason(link())
				if got == "ok" {
					got = "linked, and read: " + open(name, os.O_RDONLY)
				}
				_ = os.Remove(name)
				did[how+" "+target+" "+folder] = got
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(did)
}
