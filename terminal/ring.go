package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// storage keeps the bytes of a ring.
type storage interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// ring is the newest output of a terminal, by absolute offset. One goroutine
// appends, any number read; nobody waits for anybody: a reader that was overtaken
// while it read notices.
type ring struct {
	modes tracker // of the appender only

	mu          sync.Mutex
	store       storage
	size        int64
	start, end  int64 // offsets that are kept
	endModes    modes
	checkpoints []checkpoint
	grown       chan struct{} // nil while nobody waits
}

// checkpoint is an offset between two characters, outside of any escape
// sequence, and the modes there.
type checkpoint struct {
	at    int64
	modes modes
}

// errOverrun says that the bytes asked for are gone.
var errOverrun = errors.New("output is no longer kept")

// openRing keeps size bytes in a file without a name in dir; if the disk does not
// take it, fewer in memory, and err says why. The ring can be used either way.
func openRing(dir string, size int64) (*ring, error) {
	r := &ring{modes: newTracker(), size: size}
	r.checkpoints = []checkpoint{{0, defaultModes}}
	file, err := os.CreateTemp(dir, "terminal-")
	if err == nil {
		if err = os.Remove(file.Name()); err != nil {
			err = errors.Join(err, file.Close())
		}
	}
	if err != nil {
		r.spareLocked()
		return r, fmt.Errorf("keep output on disk: %w", err)
	}
	r.store = file
	return r, nil
}

// spareLocked goes on in memory. What was kept is lost.
func (r *ring) spareLocked() {
	r.store, r.size = &memory{data: make([]byte, spareSize)}, spareSize
	r.start = r.end
}

// append adds p and wakes who waits. The error says that output was lost because
// of the disk; later output is kept in memory.
func (r *ring) append(p []byte) error {
	var lost error
	for len(p) > 0 {
		n := min(len(p), frameSize)
		if err := r.appendPart(p[:n]); err != nil {
			lost = err
		}
		p = p[n:]
	}
	return lost
}

func (r *ring) appendPart(p []byte) (lost error) {
	r.modes.write(p)
	r.mu.Lock()
	end, size, store := r.end, r.size, r.store
	// What is about to be overwritten is given up before it is.
	r.start = max(r.start, end+int64(len(p))-size)
	r.mu.Unlock()

	at := end % size
	first := min(int64(len(p)), size-at)
	_, err := store.WriteAt(p[:first], at)
	if err == nil && first < int64(len(p)) {
		_, err = store.WriteAt(p[first:], 0)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.end, r.endModes = end+int64(len(p)), r.modes.modes
	if err != nil {
		lost = errors.Join(fmt.Errorf("keep output on disk: %w", err), r.store.Close())
		r.spareLocked()
	}
	if last := r.checkpoints[len(r.checkpoints)-1]; r.end-last.at >= checkpointEvery && r.modes.between() && p[len(p)-1] < 0x80 {
		for r.checkpoints[0].at < r.start && len(r.checkpoints) > 1 {
			r.checkpoints = r.checkpoints[1:]
		}
		r.checkpoints = append(r.checkpoints, checkpoint{r.end, r.modes.modes})
	}
	if r.grown != nil {
		close(r.grown)
		r.grown = nil
	}
	return lost
}

// offsets returns what is kept.
func (r *ring) offsets() (start, end int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.start, r.end
}

// after returns how many bytes there are from off on. If there are none, grown is
// closed when there are.
func (r *ring) after(off int64) (n int64, grown <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < r.end {
		return r.end - off, nil
	}
	if r.grown == nil {
		r.grown = make(chan struct{})
	}
	return 0, r.grown
}

// read copies what there is from off on, at most len(p) bytes. errOverrun says
// that it is no longer kept.
func (r *ring) read(p []byte, off int64) (int, error) {
	r.mu.Lock()
	start, end, size, store := r.start, r.end, r.size, r.store
	r.mu.Unlock()
	if off < start {
		return 0, errOverrun
	}
	n := min(int64(len(p)), end-off)
	if n <= 0 {
		return 0, nil
	}
	at := off % size
	first := min(n, size-at)
	_, err := store.ReadAt(p[:first], at)
	if err == nil && first < n {
		_, err = store.ReadAt(p[first:n], 0)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < r.start {
		return 0, errOverrun
	}
	if err != nil {
		return 0, fmt.Errorf("read kept output: %w", err)
	}
	return int(n), nil
}

// newest returns where printing may begin with at most back bytes before the end,
// and the modes there. Where no checkpoint is so near, it is the end.
func (r *ring) newest(back int64) (int64, modes) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.checkpoints {
		if c.at >= max(r.start, r.end-back) {
			return c.at, c.modes
		}
	}
	return r.end, r.endModes
}

func (r *ring) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.store.Close()
}

// memory is a storage of fixed length.
type memory struct {
	mu   sync.Mutex
	data []byte
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copy(p, m.data[off:]), nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copy(m.data[off:], p), nil
}

func (m *memory) Close() error { return nil }
