package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hold leaves a program that has taken some MiB of memory and keeps them.
func hold(mib string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe", "holding", mib)
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	word := make([]byte, 16)
	n, err := r.Read(word) // an end without a word: it was ended
	if err != nil {
		return err
	}
	fmt.Print(string(word[:n]))
	return nil
}

// holding is the program that hold leaves.
func holding(mib string) error {
	n, err := strconv.Atoi(mib)
	if err != nil {
		return err
	}
	taken := make([]byte, n<<20)
	for i := 0; i < len(taken); i += os.Getpagesize() {
		taken[i] = 1
	}
	const said = 3 // the pipe of hold
	if _, err := unix.Write(said, []byte("held")); err != nil {
		return err
	}
	for {
		time.Sleep(time.Hour)
		taken[0]++
	}
}

// spin computes until it has had some milliseconds of a processor.
func spin(ms string) error {
	n, err := strconv.Atoi(ms)
	if err != nil {
		return err
	}
	for {
		var used unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
			return err
		}
		if time.Duration(used.Utime.Nano()+used.Stime.Nano()) > time.Duration(n)*time.Millisecond {
			return nil
		}
	}
}

// files opens files until it may not, and says how many are open. With a file to
// wait for it tries again when that is there.
func files(wait string) error {
	open, err := openAll(0)
	if err != nil {
		return err
	}
	fmt.Println(open)
	if wait == "" {
		return nil
	}
	if err := unix.Mkdir("/home/user/opened", 0o700); err != nil { // needs no descriptor
		return err
	}
	for unix.Access(wait, unix.F_OK) != nil {
		unix.Nanosleep(&unix.Timespec{Nsec: int64(10 * time.Millisecond)}, nil) // the runtime's sleep needs a descriptor
	}
	if open, err = openAll(open - 1); err != nil {
		return err
	}
	fmt.Println(open)
	return nil
}

// openAll opens files until it may not, and returns how many there are; last is
// the greatest number so far.
func openAll(last int) (int, error) {
	const tooMany = 100_000
	for last < tooMany {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
		if errors.Is(err, unix.EMFILE) {
			return last + 1, nil
		}
		if err != nil {
			return 0, err
		}
		last = fd
	}
	return 0, fmt.Errorf("%d files and no end", tooMany)
}
