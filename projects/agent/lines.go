package agent

import "io"

// oneLine reads up to the end of a line, byte by byte: what follows belongs to
// the next message, which may come an hour later.
type oneLine struct {
	r    io.Reader
	done bool
}

func (l *oneLine) Read(p []byte) (int, error) {
	if l.done || len(p) == 0 {
		return 0, io.EOF
	}
	n, err := l.r.Read(p[:1])
	l.done = n == 1 && p[0] == '\n'
	return n, err
}
