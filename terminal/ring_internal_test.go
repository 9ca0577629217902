package terminal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func openTestRing(t *testing.T, size int64) *ring {
	t.Helper()
	dir := t.TempDir()
	r, err := openRing(dir, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.close() }) // some tests have closed it
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the ring's file has a name: %v, %v", left, err)
	}
	return r
}

// bytesAt are what a test has printed from offset off on: every offset has
// its own.
func bytesAt(off int64, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((off + int64(i)) * 7 % 251)
	}
	return p
}

// Readers at any offset get what was printed there, or are told that it is gone,
// while it is being overwritten.
func TestT2TheRingGivesWhatWasPrintedOrSaysThatItIsGone(t *testing.T) {
	r := openTestRing(t, 300_007)
	const total = 8_000_000
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			p, off := make([]byte, 5000), int64(0)
			for off < total {
				n, grown := r.after(off)
				if n == 0 {
					<-grown
					continue
				}
				got, err := r.read(p, off)
				if errors.Is(err, errOverrun) {
					start, end := r.offsets()
					off = (start + end) / 2
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if !bytes.Equal(p[:got], bytesAt(off, got)) {
					t.Errorf("other bytes at %d", off)
					return
				}
				off += int64(got)
			}
		})
	}
	for off := int64(0); off < total; {
		n := min(int(off%9000)+1, int(total-off))
		if err := r.append(bytesAt(off, n)); err != nil {
			t.Fatal(err)
		}
		off += int64(n)
	}
	readers.Wait()
	if start, end := r.offsets(); end != total || end-start != 300_007 {
		t.Errorf("kept is %d to %d", start, end)
	}
}

// A disk that takes no more must not stop the shell: what comes is kept in memory.
func TestT2OutputGoesOnWithoutADisk(t *testing.T) {
	r, err := openRing(filepath.Join(t.TempDir(), "not there"), RingSize)
	if err == nil {
		t.Error("no file, and no error")
	}
	full := openTestRing(t, RingSize)
	if err := full.append([]byte("lost")); err != nil {
		t.Fatal(err)
	}
	if err := full.store.Close(); err != nil { // every write fails from here on
		t.Fatal(err)
	}
	if err := full.append([]byte("lost too")); err == nil {
		t.Error("a write that failed = nil")
	}
	for _, r := range []*ring{r, full} {
		_, begin := r.offsets()
		if err := r.append(bytesAt(0, 3*spareSize)); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 1000)
		if n, err := r.read(p, begin+3*spareSize-1000); err != nil || !bytes.Equal(p[:n], bytesAt(3*spareSize-1000, 1000)) {
			t.Errorf("read %d, %v", n, err)
		}
		if _, err := r.read(p, begin); !errors.Is(err, errOverrun) {
			t.Errorf("read what is gone = %v", err)
		}
	}
}

// Who begins in the middle begins between characters and outside of sequences,
// with the modes of that place and not those of the end.
func TestT3PrintingBeginsAtACheckpointWithItsModes(t *testing.T) {
	r := openTestRing(t, 1<<20)
	line := strings.Repeat("é", 500) + "\x1b[0m\n"
	r.append([]byte("\x1b[?1049h"))
	for range 3000 {
		r.append([]byte(line))
	}
	r.append([]byte("\x1b[?1049l\x1b[?25l"))
	at, m := r.newest(256 << 10)
	if _, end := r.offsets(); end-at > 256<<10 || end-at < 128<<10 {
		t.Errorf("begins at %d of %d", at, end)
	}
	if m != (modes{Alternate: 1049}) {
		t.Errorf("modes there: %+v", m)
	}
	p := make([]byte, len(line))
	if n, err := r.read(p, at); err != nil || string(p[:n]) != line {
		t.Errorf("begins with %q, %v", p[:min(n, 40)], err)
	}
	if at, m := r.newest(10); at != int64(3000*len(line)+8+14) || m != (modes{Hidden: true}) {
		t.Errorf("without a checkpoint near it begins at %d with %+v", at, m)
	}
}

// overtaking lets the shell print while somebody reads.
type overtaking struct {
	storage
	print func()
}

func (o overtaking) ReadAt(p []byte, off int64) (int, error) {
	o.print()
	return o.storage.ReadAt(p, off)
}

// Bytes that were overwritten while they were read are not given out.
func TestT2AReaderNoticesThatItWasOvertaken(t *testing.T) {
	r := openTestRing(t, 1000)
	if err := r.append(bytesAt(0, 1000)); err != nil {
		t.Fatal(err)
	}
	file := r.store
	r.store = overtaking{file, func() {
		r.store = file
		if err := r.append(bytesAt(1000, 500)); err != nil {
			t.Error(err)
		}
	}}
	if n, err := r.read(make([]byte, 100), 450); !errors.Is(err, errOverrun) {
		t.Errorf("read %d bytes that were overwritten, %v", n, err)
	}
}

// The change of hands has its place between the bytes, also for a viewer that is
// behind: output stops there until it is told.
func TestT6AViewerThatIsBehindIsToldAtItsPlace(t *testing.T) {
	s := &session{out: openTestRing(t, 1000), viewers: map[*viewer]struct{}{}}
	behind := &viewer{session: s, write: true, wake: make(chan struct{}, 1)}
	other := &viewer{session: s, write: true, wake: make(chan struct{}, 1)}
	s.joinLocked(other)
	s.joinLocked(behind)
	for range 2 { // size and answers as it came
		if next, _ := behind.due(); next == nil {
			t.Fatal("it was not told how things stand")
		}
	}
	if err := s.out.append(bytesAt(0, 100)); err != nil {
		t.Fatal(err)
	}
	s.typedLocked(behind)
	if next, limit := behind.due(); next != nil || limit != 100 {
		t.Errorf("at 0 it is told %+v, and may print %d bytes", next, limit)
	}
	behind.off = 100
	if next, _ := behind.due(); next == nil || string(next.frame) != `{"op":"answers","you":true}` {
		t.Errorf("at 100 it is told %+v", next)
	}
}
