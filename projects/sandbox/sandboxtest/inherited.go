package sandboxtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox"
)

// writable are the places that are the project's own. Of /proc the parts that
// are the host's are covered, of /dev there are single nodes.
var writable = regexp.MustCompile(`^(/home/user|/tmp|/dev/shm|/dev/pts|/run/user|/proc|/dev/(null|zero|full|random|urandom|tty)|/proc/[a-z_]+)$`)

// device are the places where there are devices.
var device = regexp.MustCompile(`^/dev/(pts|null|zero|full|random|urandom|tty)$|^/proc/[a-z_]+$`)

// Files that belong to the project's uid on the host, or that somebody has made
// writable to all, are still not to be written, and no program gives rights.
func testMounts(t *testing.T, b *bench) {
	p := b.start(t)
	out, failure := p.command("/bin/cat", "/proc/self/mountinfo")
	if failure != "" {
		t.Fatal(out, failure)
	}
	const mountPoint, options = 4, 5
	seen := 0
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		where, with := fields[mountPoint], strings.Split(fields[options], ",")
		seen++
		if strings.Contains(line, " - cgroup") {
			t.Errorf("%s is a file system of cgroups", where)
		}
		if !slices.Contains(with, "nosuid") && where != "/" {
			t.Errorf("%s gives the rights of owners: %s", where, fields[options])
		}
		if !slices.Contains(with, "nodev") && !device.MatchString(where) {
			t.Errorf("%s may have devices: %s", where, fields[options])
		}
		if !slices.Contains(with, "ro") && !writable.MatchString(where) {
			t.Errorf("%s can be written: %s", where, fields[options])
		}
	}
	for _, covered := range []string{"/proc/sys", "/proc/fs", "/proc/irq"} {
		if !regexp.MustCompile(`(?m) ` + covered + ` ro,`).MatchString(out) {
			t.Errorf("%s is not covered", covered)
		}
	}
	// Of a file system in memory the writer is killed when it is full, not told.
	var outside unix.Statfs_t
	if err := unix.Statfs(b.base, &outside); err != nil {
		t.Fatal(err)
	}
	kind, failure := p.command("/usr/bin/stat", "-f", "-c", "%t", "/tmp")
	if kind != strconv.FormatInt(outside.Type, 16) || failure != "" {
		t.Errorf("/tmp is a %s %s, its folder on the host a %x", kind, failure, outside.Type)
	}
	if b.sandbox.Mode() != sandbox.Root {
		if most, failure := p.command("/bin/cat", "/proc/sys/user/max_user_namespaces"); most != "0" {
			t.Errorf("there may be %q %q user namespaces inside", most, failure)
		}
	}
	if seen < 20 {
		t.Errorf("only %d mounts:\n%s", seen, out)
	}
}

// devices are all there are, and places that are empty at the start: no socket,
// no terminal of somebody else.
const devices = "/dev: fd full null ptmx pts random shm stderr stdin stdout tty urandom zero " +
	"/dev/pts: ptmx /dev/shm: /home: user /mnt: /root: /run: lyceum user /run/lyceum: bin /run/user: /sys/fs/cgroup: /tmp:"

// A program starts with nothing of the server's: no right, group, descriptor or
// variable.
func testStatus(t *testing.T, b *bench) {
	p := b.start(t)
	out, failure := p.run("status")
	if failure != "" {
		t.Fatal(out, failure)
	}
	checkStatus(t, out)
	checkAround(t, p)
	if t.Failed() {
		t.Log(out)
	}
}

// checkStatus judges what a program says of itself.
func checkStatus(t *testing.T, out string) {
	t.Helper()
	for _, line := range []string{
		`CapInh:\t0+`, `CapPrm:\t0+`, `CapEff:\t0+`, `CapBnd:\t0+`, `CapAmb:\t0+`, `NoNewPrivs:\t1`, `Seccomp:\t2`, `Groups:\t ?`, `SigIgn:\t0+`, `SigBlk:\t0+`,
	} {
		if !regexp.MustCompile("(?m)^" + line + "$").MatchString(out) {
			t.Errorf("status does not have %q", line)
		}
	}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "Descriptor:":
			number, _ := strconv.Atoi(fields[1])
			if number > 2 && !strings.Contains(line, "anon_inode") && !strings.Contains(line, "cpu.max") {
				t.Errorf("inherited %s", line)
			}
		case "Environment:":
			if fields[1] != "HOME=/home/user" {
				t.Errorf("inherited %s", line)
			}
		}
	}
}

// checkAround judges what a program finds.
func checkAround(t *testing.T, p *project) {
	t.Helper()
	groups, failure := p.command("/bin/cat", "/proc/self/cgroup")
	for line := range strings.Lines(groups) {
		_, path, _ := strings.Cut(strings.TrimSpace(line), ":/")
		if path != "" && path != "../user" || failure != "" {
			t.Errorf("it sees where the server is: %s %s", line, failure)
		}
	}
	entries, failure := p.command("/bin/ls", "-A", "/dev", "/dev/pts", "/sys/fs/cgroup", "/run", "/run/lyceum", "/run/user", "/dev/shm", "/tmp", "/home", "/root", "/mnt")
	if failure != "" {
		t.Error(entries, failure)
	}
	if got := strings.Join(strings.Fields(entries), " "); got != devices {
		t.Errorf("there is %s", got)
	}
}

// A program that lies in memory, where no mount takes its marks away, is one like
// any other.
func testFromMemory(t *testing.T, b *bench) {
	p := b.start(t)
	before, _ := p.command("/usr/bin/id", "-u")
	out, failure := p.run("memory-file", "status")
	if failure != "" {
		t.Fatal(out, failure)
	}
	checkStatus(t, out)
	if !regexp.MustCompile(`(?m)^Uid:(\t`+before+`){4}$`).MatchString(out) || !regexp.MustCompile(`(?m)^Gid:(\t`+before+`){4}$`).MatchString(out) {
		t.Errorf("want uid and gid %s:\n%s", before, out)
	}
}

// Neither a set-user-id program of the host nor one of one's own makes anybody
// more.
func testSetuid(t *testing.T, b *bench) {
	p := b.start(t)
	own := filepath.Join(p.home, "intruder")
	if err := os.Chmod(own, 0o755|os.ModeSetuid|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	before, _ := p.command("/usr/bin/id", "-u")
	out, failure := p.run("status")
	if failure != "" {
		t.Fatal(out, failure)
	}
	uids := regexp.MustCompile(`(?m)^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$`).FindStringSubmatch(out)
	if len(uids) != 5 || uids[2] != before || uids[4] != before {
		t.Errorf("set-user-id file: %q, want uid %s", uids, before)
	}
	for _, argv := range [][]string{
		{"/usr/bin/su", "-c", "id"}, {"/usr/bin/newuidmap", "1", "0", "0", "1"},
		{"/usr/bin/unshare", "-Ur", "id"}, {"/usr/bin/chroot", "/", "id"}, {"/usr/bin/mount", "-t", "tmpfs", "x", "/mnt"},
	} {
		if _, err := os.Stat(argv[0]); err != nil {
			continue // the host has no such door
		}
		if out, failure := p.command(argv...); failure == "" {
			t.Errorf("%s worked: %s", argv[0], out)
		}
	}
}
