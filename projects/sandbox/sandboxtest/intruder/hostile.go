package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// status prints what this process has been given.
func status() error {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	fmt.Print(string(data))
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil { // the one of this list is closed again
			fmt.Printf("Descriptor:\t%s %s\n", e.Name(), to)
		}
	}
	for _, v := range os.Environ() {
		fmt.Printf("Environment:\t%s\n", v)
	}
	return nil
}

// killAll is kill -9 -1. It spares process 1 and the caller.
func killAll() error { return unix.Kill(-1, unix.SIGKILL) }

// forks starts processes until it may not, and leaves them.
func forks(most int) error {
	if most == 0 {
		most = 1000 // far above any bound of the tests, and nothing for the machine
	}
	for n := range most {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		switch {
		case errno != 0:
			fmt.Printf("%d %s\n", n, word(errno))
			return nil
		case pid == 0:
			unix.RawSyscall(unix.SYS_CLOSE, 1, 0, 0) // nobody waits for what it says
			unix.RawSyscall(unix.SYS_CLOSE, 2, 0, 0)
			for { // the child lives as long as the sandbox
				unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
			}
		}
	}
	return fmt.Errorf("%d processes and no end", most)
}

// memory takes as much as it can of a kind, up to most MiB.
func memory(kind string, most int) error {
	const piece = 16
	for taken := 0; taken < most; taken += piece {
		p, err := pages(kind, piece<<20)
		if err != nil {
			fmt.Printf("refused after %d MiB\n", taken)
			return nil
		}
		for i := 0; i < len(p); i += os.Getpagesize() {
			p[i] = 1
		}
	}
	fmt.Printf("%d MiB and no end\n", most)
	return nil
}

// pages returns memory: of this process alone, of it and its children, of a file
// without a name, of a segment that outlives it.
func pages(kind string, size int) ([]byte, error) {
	const both = unix.PROT_READ | unix.PROT_WRITE
	switch kind {
	case "anonymous":
		return unix.Mmap(-1, 0, size, both, unix.MAP_SHARED|unix.MAP_ANON)
	case "file":
		fd, err := unix.MemfdCreate("hog", unix.MFD_CLOEXEC)
		if err != nil {
			return nil, err
		}
		if err := unix.Ftruncate(fd, int64(size)); err != nil {
			return nil, err
		}
		return unix.Mmap(fd, 0, size, both, unix.MAP_SHARED)
	case "segment":
		id, err := unix.SysvShmGet(unix.IPC_PRIVATE, size, unix.IPC_CREAT|0o600)
		if err != nil {
			return nil, err
		}
		return unix.SysvShmAttach(id, 0, 0)
	}
	return unix.Mmap(-1, 0, size, both, unix.MAP_PRIVATE|unix.MAP_ANON)
}

// fill writes a file until there is no more space, up to most MiB.
func fill(folder string, most int) error {
	f, err := os.CreateTemp(folder, "fill")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	for n := range most {
		if _, err := f.Write(make([]byte, 1<<20)); err != nil {
			fmt.Printf("%d %s\n", n, reason(err))
			return nil
		}
	}
	return fmt.Errorf("%d MiB and no end", most)
}

// terminals opens terminals until there is none left.
func terminals() error {
	const most = 5000
	for n := range most {
		if _, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY, 0); err != nil {
			fmt.Printf("%d %s\n", n, reason(err))
			return nil
		}
	}
	return errors.New("terminals and no end")
}

// linger leaves a process that has left its session, its parent and its group,
// and ignores what it can.
func linger() error {
	cmd := exec.Command("/proc/self/exe", "sleep")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	runtime.KeepAlive(cmd)
	fmt.Println("left", cmd.Process.Pid)
	return nil
}
