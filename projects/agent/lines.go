package agent

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// errLong says that a line has no end within its bound.
var errLong = errors.New("line too long")

// lines reads lines of at most most bytes from what an agent sends.
func lines(r io.Reader, most int) func() ([]byte, error) {
	buffered := bufio.NewReaderSize(r, most)
	return func() ([]byte, error) {
		line, err := buffered.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("%w: at most %d bytes", errLong, most)
		}
		return line, err
	}
}
