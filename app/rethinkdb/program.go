package rethinkdb

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lyceum/app"
)

// Carried is a program inside this executable.
type Carried struct {
	SHA256 string                        // of the program, in hexadecimal digits
	Open   func() (io.ReadCloser, error) // the program, compressed with gzip
}

// Program names the rethinkdb to run: the one that was asked for, the carried one,
// or that of the PATH. The carried one is unpacked into folder, unless it is there.
func Program(asked string, carried *Carried, folder string) (string, error) {
	switch {
	case asked != "":
		if _, err := exec.LookPath(asked); err != nil {
			return "", app.Explain(err, app.Invalid, "The program %s of --rethinkdb cannot be run. Name the file rethinkdb, and make it executable.", asked)
		}
		return asked, nil
	case carried != nil:
		return carried.unpack(folder)
	}
	path, err := exec.LookPath("rethinkdb")
	if err != nil {
		return "", app.Errorf(app.Invalid, "There is no rethinkdb on this machine. Install it, name it with --rethinkdb, or use an executable that carries it (make bundle).")
	}
	return filepath.Abs(path)
}

// unpack puts the program into folder. One that is there is used if it has the
// right hash; it is read each time, since what runs as this user could be anything
// otherwise.
func (c *Carried) unpack(folder string) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "rethinkdb-"+c.SHA256[:12])
	if sum, err := hashOf(path); err == nil && sum == c.SHA256 {
		return path, nil
	}
	source, err := c.Open()
	if err != nil {
		return "", fmt.Errorf("open the carried rethinkdb: %w", err)
	}
	defer source.Close() // only read
	if err := c.write(path, source); err != nil {
		return "", app.Explain(err, app.Unavailable, "The rethinkdb that this executable carries cannot be unpacked into %s. Make room there, or name another one with --rethinkdb.", folder)
	}
	return path, c.removeOthers(folder, filepath.Base(path))
}

// write unpacks what is read into path, whole and with the right hash or not at
// all.
func (c *Carried) write(path string, source io.Reader) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	sum := sha256.New()
	unpacked, err := gzip.NewReader(source)
	if err == nil {
		_, err = io.Copy(io.MultiWriter(file, sum), unpacked)
	}
	if err = errors.Join(err, file.Chmod(0o700), file.Sync(), file.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != c.SHA256 {
		return fmt.Errorf("the carried rethinkdb has the hash %s instead of %s", got, c.SHA256)
	}
	return os.Rename(file.Name(), path)
}

// removeOthers removes what earlier executables have unpacked.
func (c *Carried) removeOthers(folder, keep string) error {
	files, err := filepath.Glob(filepath.Join(folder, "rethinkdb-*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if filepath.Base(file) != keep {
			err = errors.Join(err, os.Remove(file))
		}
	}
	return err
}

func hashOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// versionPatience bounds asking a program for its version, which takes it
// hundredths of a second.
const versionPatience = 10 * time.Second

var versionText = regexp.MustCompile(`(?m)^rethinkdb (v?(\d+)\.(\d+)[^\s]*)`)

// Version asks a program which RethinkDB it is, and refuses one before 2.3, which
// has neither users nor TLS.
func Version(ctx context.Context, program string) (string, error) {
	asking, cancel := context.WithTimeout(ctx, versionPatience)
	defer cancel()
	cmd := exec.CommandContext(asking, program, "--version")
	cmd.Env = environment
	out, err := cmd.Output()
	m := versionText.FindStringSubmatch(string(out))
	if m == nil {
		if ctx.Err() != nil {
			return "", ctx.Err() // nobody waits for it, whatever it would have said
		}
		if err == nil {
			err = fmt.Errorf("it answers %q", strings.TrimSpace(string(out[:min(len(out), maxLine)])))
		}
		return "", app.Explain(err, app.Invalid, "The program %s does not say that it is RethinkDB. Name another one with --rethinkdb.", program)
	}
	major, _ := strconv.Atoi(m[2]) // digits
	minor, _ := strconv.Atoi(m[3])
	if major < 2 || major == 2 && minor < 3 {
		return "", app.Errorf(app.Invalid, "%s is RethinkDB %s, which is too old: 2.3 is the first with passwords and TLS. Install a newer one.", program, m[1])
	}
	return m[1], nil
}
