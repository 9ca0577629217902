package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// keep leaves a process that takes something and keeps it, and says what it got.
func keep(what string) error {
	cmd := exec.Command("/proc/self/exe", "take", what)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSpace(line))
	runtime.KeepAlive(cmd)
	return nil
}

// take takes something and keeps it.
func take(what string) error {
	switch what {
	case "inotify":
		const most = 100_000
		for n := range most {
			if _, err := unix.InotifyInit1(0); err != nil {
				fmt.Println(n, reason(err))
				break
			}
		}
	case "queues":
		const most = 10_000
		for n := range most {
			name, err := unix.BytePtrFromString(fmt.Sprintf("intruder-%d", n))
			if err != nil {
				return err
			}
			_, _, errno := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(name)), unix.O_CREAT|unix.O_RDWR, 0o600, 0, 0, 0)
			if errno != 0 {
				fmt.Println(n, word(errno))
				break
			}
		}
	case "ports":
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		abstract, err := net.Listen("unix", fmt.Sprintf("@intruder-%d", os.Getpid()))
		if err != nil {
			return err
		}
		fmt.Println("port=tcp," + tcp.Addr().String() + " abstract=unix," + abstract.Addr().String())
	case "hand":
		return handOut()
	default:
		return fmt.Errorf("%q cannot be taken", what)
	}
	return stay()
}

// stay does nothing for as long as any test takes. An empty select would end the
// program: its runtime sees that nothing can wake it.
func stay() error {
	time.Sleep(time.Hour)
	return nil
}
