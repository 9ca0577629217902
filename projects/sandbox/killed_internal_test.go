package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Lines are of Linux 6.18 and 6.1. A program chooses its name, and must not be
// able to name another group, process or user with it.
func TestKilledProgramsAreReadFromTheLog(t *testing.T) {
	const group = "/system.slice/lyceum.service/lyceum/4218c46d/user"
	line := func(name string) string {
		return "6,1234,17931000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=" + group +
			",task_memcg=" + group + ",task=" + name + ",pid=1704,uid=1899000026\n"
	}
	short := func(name string) string {
		return "3,1235,17931000,-;Memory cgroup out of memory: Killed process 1704 (" + name +
			") total-vm:100416kB, anon-rss:97536kB, file-rss:1672kB, shmem-rss:0kB, UID:1899000026 pgtables:236kB oom_score_adj:0\n SUBSYSTEM=x\n"
	}
	for _, name := range []string{"python3", "a b", "x,pid=1,uid=0", "x,task=y", ") total-vm:", "UID:0 x", "x) UID:0", ""} {
		want := Killed{Program: name, PID: 1704, UID: 1899000026, Group: group}
		if got, ok := parseKilled(line(name)); !ok || told(got) != want {
			t.Errorf("with its group: %+v %t, want %+v", got, ok, want)
		}
		want.Group = ""
		if got, ok := parseKilled(short(name)); !ok || told(got) != want {
			t.Errorf("without: %+v %t, want %+v", got, ok, want)
		}
	}
	global := "3,1,2,-;Out of memory: Killed process 9 (R) total-vm:1kB, UID:7 pgtables:1kB oom_score_adj:0"
	if got, ok := parseKilled(global); !ok || got.Record != 1 || told(got) != (Killed{Program: "R", PID: 9, UID: 7}) {
		t.Errorf("of the whole machine: %+v %t", got, ok)
	}
	for _, other := range []string{
		"", ";", "6,1,2,-;eth0: link up", "x,1,2,-;" + global,
		"14,1,2,-;Out of memory: Killed process 9 (R) total-vm:1kB, UID:7 x", // a program that may write to the log
		"3,1,2,-;Out of memory: Killed process 9", "3,1,2,-;Out of memory: Killed process x (R) total-vm:1kB, UID:7 x",
		"6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,task=x", "6,1,2,-;oom-kill:constraint=X,task_memcg=/,task=x,pid=,uid=",
		"6,1,2,-; oom-kill:constraint=X,task_memcg=/,task=x,pid=1,uid=1",
	} {
		if got, ok := parseKilled(other); ok {
			t.Errorf("%q tells of %+v", other, got)
		}
	}
}

// told leaves out where and when the log tells of a program.
func told(k Killed) Killed {
	k.Record, k.Time = 0, time.Time{}
	return k
}

func TestWhoseAKilledProgramWas(t *testing.T) {
	p := &Process{handle: Handle{UID: 7, Cgroups: []string{"/sys/fs/cgroup/memory/a/lyceum/4218c46d", "/sys/fs/cgroup/pids/lyceum/4218c46d"}}}
	for k, want := range map[Killed]bool{
		{Group: "/a/lyceum/4218c46d/user", UID: 8}:  true,
		{Group: "/a/lyceum/4218c46d/agent"}:         true,
		{Group: "/lyceum/4218c46e/user", UID: 7}:    false,
		{Group: "/a/xlyceum/4218c46d/user", UID: 7}: false,
		{Group: "/", UID: 7}:                        false,
		{UID: 7}:                                    true,
		{UID: 8}:                                    false,
	} {
		if got := p.Has(k); got != want {
			t.Errorf("%+v: %t", k, got)
		}
	}
	if (&Process{}).Has(Killed{}) {
		t.Error("a project without a user id of its own has what root has")
	}
}

func TestALogThatCannotBeReadIsSaid(t *testing.T) {
	err := FollowKilled(t.Context(), filepath.Join(t.TempDir(), "none"), Killed{}, nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("FollowKilled = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := FollowKilled(ctx, KernelLog, Killed{Record: 1 << 62}, nil); err == nil {
		t.Error("it follows although nobody wants to know")
	}
}
