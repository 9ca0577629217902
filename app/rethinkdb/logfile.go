package rethinkdb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// maxLog is how long the program's own log may be in bytes. It cannot be
	// switched off, nobody rotates it, and its lines stand in ours.
	maxLog = 16 << 20
	// trimEvery is how often it is looked at; some lines an hour are ordinary.
	trimEvery = 10 * time.Minute
)

// trimLog empties the program's log if it is too long. The program only appends,
// so that its next line becomes the first.
func (s *Server) trimLog() {
	path := filepath.Join(dataFolder(s.o.Folder), "log_file")
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxLog {
		err = os.Truncate(path, 0)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log().Warn("log of the database is not cut", "path", path, "err", err)
	}
}
