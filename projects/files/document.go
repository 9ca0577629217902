package files

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// ReadDocument reads a text file of at most limit bytes (0: MaxDocument).
func (f *Folder) ReadDocument(_ context.Context, shown string, limit int64) (Document, error) {
	limit = cmp.Or(limit, MaxDocument)
	file, st, err := f.openFile(shown)
	if err != nil {
		return Document{}, err
	}
	defer file.Close()
	if st.Size > limit {
		return Document{}, tooLarge(shown, st.Size, limit)
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return Document{}, explain(err, shown)
	}
	if err := checkText(shown, data, limit); err != nil {
		return Document{}, err
	}
	sum := sha256.Sum256(data)
	info := infoOf("", st)
	return Document{Data: data, Hash: sum[:], Mode: info.Mode, Modified: info.Modified, LineEnds: lineEndsOf(data)}, nil
}

// checkText says in words why data is no document.
func checkText(shown string, data []byte, limit int64) error {
	switch {
	case int64(len(data)) > limit:
		return tooLarge(shown, int64(len(data)), limit)
	case bytes.IndexByte(data, 0) >= 0:
		return app.Errorf(app.Invalid, "%s is not text but binary. Please download it, or open it with a program in the terminal.", quote(shown))
	case !utf8.Valid(data):
		return app.Errorf(app.Invalid, "%s is not valid UTF-8, so that it cannot be edited here. Please convert it in the terminal (iconv -f latin1 -t utf8).", quote(shown))
	}
	return nil
}

func tooLarge(shown string, size, limit int64) error {
	return app.Errorf(app.TooLarge, "%s has %s; up to %s can be edited here. Please open it in the terminal, or download it.",
		quote(shown), HumanSize(size), HumanSize(limit))
}

// lineEndsOf is CRLF only if every line ends so, and there is one.
func lineEndsOf(data []byte) LineEnds {
	all, crlf := bytes.Count(data, []byte("\n")), bytes.Count(data, []byte("\r\n"))
	if all > 0 && all == crlf {
		return CRLF
	}
	return LF
}

// content is what a file holds, read once.
type content struct {
	data []byte // nil if it is more than was asked for
	size int64
	hash []byte
}

// contentOf reads a file, keeping at most limit bytes. What is more than
// hashLimit is not even hashed: it is no document of anybody.
func contentOf(file *os.File, limit, hashLimit int64) (content, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return content{}, err
	}
	if st.Size > hashLimit {
		return content{size: st.Size}, nil
	}
	sum := sha256.New()
	data, err := io.ReadAll(io.TeeReader(io.LimitReader(file, limit+1), sum))
	if err != nil {
		return content{}, err
	}
	c := content{data: data, size: int64(len(data))}
	if c.size > limit {
		if c, err = hashRest(file, sum, c.size); err != nil {
			return content{}, err
		}
	}
	c.hash = sum.Sum(nil)
	return c, nil
}

func hashRest(file *os.File, sum hash.Hash, begun int64) (content, error) {
	n, err := io.Copy(sum, file)
	return content{size: begun + n}, err
}

// quiet waits until no program has the file open for writing, at most quietTime.
// A read lease is what the kernel gives only then; where there are no leases, it
// does not wait.
func quiet(ctx context.Context, file *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, quietTime)
	defer cancel()
	for {
		_, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
		if err == nil {
			_, err = unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
			return err
		}
		if !errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if !pause(ctx, quietPause) {
			return nil
		}
	}
}
