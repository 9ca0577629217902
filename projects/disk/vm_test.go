//go:build vm

package disk_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/projects/disk"
)

// quotaFolders are the data disks of make test-vm.
var quotaFolders = []string{"/data", "/data-xfs"}

// student is a user id whose files lie in a folder with a quota.
type student struct {
	t     *testing.T
	quota *disk.Quota
	uid   int
	home  string
}

var nextUID = 1_900_000_000

func newStudent(t *testing.T, folder string, b disk.Bound) student {
	t.Helper()
	q, err := disk.OpenQuota(folder)
	must(t, err)
	t.Cleanup(func() { _ = q.Close() })
	nextUID++
	s := student{t: t, quota: q, uid: nextUID, home: filepath.Join(folder, fmt.Sprint("home-", nextUID))}
	must(t, os.Mkdir(s.home, 0o700))
	must(t, os.Chown(s.home, s.uid, s.uid))
	t.Cleanup(func() { _ = os.RemoveAll(s.home) })
	must(t, q.Set(s.uid, b))
	return s
}

// does runs a script as the student and returns what it said.
func (s student) does(script string) (string, error) {
	cmd := exec.Command("/bin/bash", "-c", script)
	cmd.Dir = s.home
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(s.uid), Gid: uint32(s.uid)}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s student) used() disk.Used {
	s.t.Helper()
	u, err := s.quota.Usage(s.uid)
	must(s.t, err)
	return u
}

func onEach(t *testing.T, test func(t *testing.T, folder string)) {
	for _, folder := range quotaFolders {
		t.Run(filepath.Base(folder), func(t *testing.T) { test(t, folder) })
	}
}

var small = disk.Bound{Bytes: 8 << 20, Files: 50}

// The kernel itself refuses what is too much, of bytes and of files, whatever a
// student tries to hide it with.
func TestVMQuotaIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, folder string) {
		for name, script := range map[string]string{
			"bytes":               `head -c 20M /dev/zero >a`,
			"many small":          `for i in $(seq 100); do echo x >f$i || exit 1; done`,
			"folders":             `for i in $(seq 100); do mkdir d$i || exit 1; done`,
			"deleted but open":    `exec 3>a; head -c 6M /dev/zero >&3; rm a; exec 4>b; head -c 6M /dev/zero >&4`,
			"renamed away":        `head -c 6M /dev/zero >a; mv a .b; head -c 6M /dev/zero >a`,
			"given away by links": `head -c 6M /dev/zero >a; ln a b; ln a c; rm a; head -c 6M /dev/zero >a`,
			"another group":       `umask 0; mkdir g; chgrp $(id -g) g; head -c 6M /dev/zero >g/a; head -c 6M /dev/zero >g/b`,
			"project id":          `head -c 6M /dev/zero >a; (chattr -p 4711 a; lsattr -p a) >/dev/null 2>&1; head -c 6M /dev/zero >b`,
		} {
			t.Run(name, func(t *testing.T) {
				s := newStudent(t, folder, small)
				out, err := s.does(script)
				if err == nil || !strings.Contains(out, "Disk quota exceeded") {
					t.Errorf("%v, %s", err, out)
				}
				if u := s.used(); !u.Within(disk.Bound{Bytes: small.Bytes + 64<<10, Files: small.Files}) {
					t.Errorf("took %+v", u)
				}
			})
		}
	})
}

// Holes take nothing, and what is deleted is given back.
func TestVMQuotaCountsWhatIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, folder string) {
		s := newStudent(t, folder, small)
		before := s.used()
		if out, err := s.does(`truncate -s 1T hole && head -c 4M /dev/zero >a && ln a b && sync .`); err != nil {
			t.Fatal(err, out)
		}
		if u := s.used(); u.Bytes < 4<<20 || u.Bytes > 5<<20 || u.Files != before.Files+2 {
			t.Errorf("%+v after %+v", u, before)
		}
		measured, err := disk.Measure(t.Context(), disk.Place{Folders: []string{s.home}}, disk.Bound{})
		must(t, err)
		if u := s.used(); measured.Files != u.Files || max(measured.Bytes-u.Bytes, u.Bytes-measured.Bytes) > 64<<10 {
			t.Errorf("measured %+v, counted %+v", measured, u)
		}
		if out, err := s.does(`rm a b hole`); err != nil {
			t.Fatal(err, out)
		}
		deadline := time.After(10 * time.Second) // XFS gives back a moment later
		for u := s.used(); u.Bytes > 64<<10 || u.Files != before.Files; u = s.used() {
			select {
			case <-deadline:
				t.Fatalf("%+v after all was deleted, %+v before", u, before)
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
}

// A quota that is lowered under what is used takes nothing away; it refuses what
// is new until enough is deleted. One that is raised gives room at once.
func TestVMQuotaChanges(t *testing.T) {
	onEach(t, func(t *testing.T, folder string) {
		s := newStudent(t, folder, small)
		if out, err := s.does(`head -c 6M /dev/zero >a`); err != nil {
			t.Fatal(err, out)
		}
		must(t, s.quota.Set(s.uid, disk.Bound{Bytes: 2 << 20, Files: 50}))
		if out, err := s.does(`test $(stat -c %s a) = 6291456 && echo more >b && sync b`); err == nil || !strings.Contains(out, "Disk quota exceeded") {
			t.Errorf("over a lowered quota: %v %s", err, out)
		}
		must(t, s.quota.Set(s.uid, disk.Bound{Bytes: 20 << 20, Files: 50}))
		if out, err := s.does(`head -c 6M /dev/zero >c`); err != nil {
			t.Errorf("under a raised quota: %v %s", err, out)
		}
		must(t, s.quota.Set(s.uid, disk.Bound{}))
		if out, err := s.does(`head -c 30M /dev/zero >d`); err != nil {
			t.Errorf("without a quota: %v %s", err, out)
		}
	})
}

// One student at his bound disturbs no other.
func TestVMQuotaIsOfOne(t *testing.T) {
	onEach(t, func(t *testing.T, folder string) {
		full, other := newStudent(t, folder, small), newStudent(t, folder, small)
		if out, err := full.does(`cat /dev/zero >a`); err == nil {
			t.Error("a disk without end", out)
		}
		if out, err := other.does(`head -c 6M /dev/zero >a`); err != nil {
			t.Error(err, out)
		}
	})
}
