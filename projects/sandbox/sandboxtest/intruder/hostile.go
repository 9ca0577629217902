package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

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

// signalAll sends every signal to process 1, many times: some would get through
// in certain moments only.
func signalAll() error {
	const rounds = 200
	for range rounds {
		for s := unix.Signal(1); s <= 64; s++ {
			if err := unix.Kill(1, s); err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EAGAIN) {
				return err
			}
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// killAll is kill -9 -1. It spares process 1 and the caller.
func killAll() error { return unix.Kill(-1, unix.SIGKILL) }

// forks starts processes until it may not, and leaves them.
func forks() error {
	const tooMany = 5000
	for n := range tooMany {
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
	return fmt.Errorf("%d processes and no end", tooMany)
}

// memory takes as much as it can, up to far above any bound of the tests.
func memory() error {
	const piece, most = 16 << 20, 4 << 30
	taken := 0
	for taken < most {
		p, err := unix.Mmap(-1, 0, piece, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			fmt.Printf("refused after %d MiB\n", taken>>20)
			return nil
		}
		for i := 0; i < len(p); i += os.Getpagesize() {
			p[i] = 1
		}
		taken += piece
	}
	return fmt.Errorf("%d MiB and no end", taken>>20)
}

// fill writes a file until there is no more space.
func fill(folder string) error {
	const piece, most = 1 << 20, 1 << 30
	f, err := os.CreateTemp(folder, "fill")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	for n := 0; n < most; n += piece {
		if _, err := f.Write(make([]byte, piece)); err != nil {
			fmt.Printf("%d %s\n", n>>20, reason(err))
			return nil
		}
	}
	return errors.New("1 GiB and no end")
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
