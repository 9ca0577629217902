package metrics

import (
	"fmt"
	"os"
	"runtime"
	gometrics "runtime/metrics"
	"syscall"
	"time"
)

// Process is what the server takes of the machine.
type Process struct {
	Goroutines int
	Heap       int64 // bytes of objects, those not yet collected too
	Resident   int64 // bytes of memory as the kernel counts them
	CPU        time.Duration
	OpenFiles  int
	DiskFree   int64 // bytes that are left for the data, by whom the server runs as
	DiskSize   int64 // of the whole file system of the data
}

const heapObjects = "/memory/classes/heap/objects:bytes"

// ReadProcess reads the figures of this process, whose data is in a folder. It
// does not stop the program, as runtime.ReadMemStats would.
func ReadProcess(data string) (Process, error) {
	heap := []gometrics.Sample{{Name: heapObjects}}
	gometrics.Read(heap)
	p := Process{Goroutines: runtime.NumGoroutine()}
	if heap[0].Value.Kind() == gometrics.KindUint64 {
		p.Heap = int64(heap[0].Value.Uint64())
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return p, fmt.Errorf("read the processor time: %w", err)
	}
	p.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return p, fmt.Errorf("read the memory: %w", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(statm), &size, &resident); err != nil {
		return p, fmt.Errorf("read the memory: %w", err)
	}
	p.Resident = resident * int64(os.Getpagesize())
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return p, fmt.Errorf("count the open files: %w", err)
	}
	p.OpenFiles = len(files)
	var disk syscall.Statfs_t
	if err := syscall.Statfs(data, &disk); err != nil {
		return p, fmt.Errorf("read the size of the disk: %w", err)
	}
	p.DiskFree, p.DiskSize = int64(disk.Bavail)*disk.Bsize, int64(disk.Blocks)*disk.Bsize
	return p, nil
}
