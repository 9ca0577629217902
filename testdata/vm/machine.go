package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Words that the program inside prints for this one.
const (
	wordHello = "VM-HELLO" // it runs
	wordDone  = "VM-DONE"  // "VM-DONE ok", or what has failed
)

// memory of the machine: what tests write beside the data disks is in it.
const memory = "3G"

// diskBytes is the size of each data disk; the files are sparse.
const diskBytes = 2 << 30

// errSilent says that the machine has not come up.
var errSilent = errors.New("the machine does not come up")

// machine is what is booted.
type machine struct {
	kernel, initrd string
	disks          []string
}

// makeDisks makes the data disks: ext4 and XFS, with quotas of users.
func makeDisks(ctx context.Context, work string) ([]string, error) {
	var disks []string
	for _, make := range [][]string{
		{"mkfs.ext4", "-q", "-F", "-O", "quota,project", "-E", "quotatype=usrquota:prjquota"},
		{"mkfs.xfs", "-q"},
	} {
		disk := filepath.Join(work, make[0])
		f, err := os.Create(disk)
		if err == nil {
			err = errors.Join(f.Truncate(diskBytes), f.Close())
		}
		if err == nil {
			err = command(ctx, make[0], append(make[1:], disk)...)
		}
		if err != nil {
			return nil, err
		}
		disks = append(disks, disk)
	}
	return disks, nil
}

// kvmOpens reports whether there is something like hardware help. Whether it
// works only a machine can say.
func kvmOpens() bool {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	const getAPIVersion, version = 0xAE00, 12
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), getAPIVersion, 0)
	return errno == 0 && n == version
}

// boot runs the machine to its end. It returns errSilent if nothing runs in it
// within the time given.
func (m machine) boot(ctx context.Context, accel string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	args := []string{
		"-accel", accel, "-cpu", "max", "-smp", "2", "-m", memory,
		"-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot", "-nic", "none",
		"-kernel", m.kernel, "-initrd", m.initrd, "-append", "console=ttyS0 quiet panic=-1",
		"-device", "virtio-rng-pci",
		"-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap", "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
	}
	for _, disk := range m.disks {
		args = append(args, "-drive", "if=virtio,format=raw,cache=unsafe,file="+disk)
	}
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	console, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start qemu: %w", err)
	}
	silent := time.AfterFunc(within, cancel)
	said, failure := watch(console, silent)
	waited := cmd.Wait()
	switch {
	case !said:
		return errors.Join(errSilent, waited)
	case failure == "ok":
		return nil
	case failure == "":
		return errors.Join(errors.New("the machine ended without a word that it is done"), ctx.Err(), waited)
	}
	return errors.New(failure)
}

// watch prints the console and returns whether the machine came up, and its last
// word.
func watch(console io.Reader, silent *time.Timer) (said bool, last string) {
	lines := bufio.NewReader(console)
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.Contains(line, wordHello):
			silent.Stop()
			said = true
		case strings.HasPrefix(line, wordDone):
			last = strings.TrimSpace(strings.TrimPrefix(line, wordDone))
		}
		if said || line != "" {
			fmt.Println(line)
		}
		if err != nil {
			return said, last
		}
	}
}
