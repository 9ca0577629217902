package sandbox

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Two parts of a program that look what the machine can, as tests do that run at
// the same time, took the groups away from each other: "cgroup file
// agent/memory.limit_in_bytes: file does not exist".
func TestManyMayLookForCgroupsAtOnce(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	const lookers, looks = 8, 10
	var all sync.WaitGroup
	for range lookers {
		all.Go(func() {
			for range looks {
				if _, err := findCgroups(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// The folder above all groups is removed by the last that leaves, and another server
// on the machine does not know that a project is just starting here.
func TestAGroupIsMadeWhileAnotherServerLeaves(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	c, err := findCgroups()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var other sync.WaitGroup
	other.Go(func() {
		for ctx.Err() == nil {
			for _, folder := range c.group("other").Folders {
				_ = unix.Rmdir(filepath.Dir(folder)) // fails while there is a project
			}
		}
	})
	for range 200 {
		if err := c.try(); err != nil {
			t.Error(err)
			break
		}
	}
	stop()
	other.Wait()
}
