// Command screens records what real programs print into a terminal, and how
// tmux, a terminal of other people's making, shows it. The pages' tests replay
// the bytes in ours and compare.
//
//	go run ./testdata/screens frontend/src/features/terminal/recorded
//
// It needs vim, tmux, htop, less, python3, R and mc; the tests do not.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"lyceum/terminal/pty"
)

const (
	cols, rows = 80, 24
	// settled is how long a program must have been silent to be drawn.
	settled = 900 * time.Millisecond
	// patience is for a program that goes on for ever, as htop does.
	patience = 4 * time.Second
)

// title is that of the window; it names the machine.
var title = regexp.MustCompile("\x1b\\][0-2];[^\x07\x1b]*(?:\x07|\x1b\\\\)")

// recording is one file.
type recording struct {
	Program string   `json:"program"`
	Cols    int      `json:"cols"`
	Rows    int      `json:"rows"`
	Bytes   []byte   `json:"bytes"`  // base64
	Screen  []string `json:"screen"` // tmux's lines, with colours
	Cursor  [2]int   `json:"cursor"` // column and row, from 0
}

type script struct {
	name string
	argv []string
	keys []string // each typed when the screen has settled
}

var scripts = []script{
	{"vim", []string{"vim", "-u", "NONE", "-c", "set nocp nu hls|syntax on", "main.c"}, []string{"/int\r", ":split\r", "ianother line é中\x1b"}},
	{"less", []string{"less", "-N", "main.c"}, []string{"/int\r", "j"}},
	{"htop", []string{"sh", "-c", "sleep 30 & exec htop -p $!"}, []string{"\x1b[B"}},
	{"python", []string{"/usr/bin/python3", "-q"}, []string{"for i in range(3):\r", "    print(i, '中文')\r", "\r", "1/0\r"}},
	{"R", []string{"R", "--vanilla", "--quiet"}, []string{"summary(c(1,2,3))\r", "stop('no')\r"}},
	{"mc", []string{"mc", "-x", "-u"}, []string{"\x1b[B", "\x1bOQ"}},
	{"tmux", []string{"tmux", "-L", "recorded", "-f", "tmux.conf", "new", "bash --norc"}, []string{"PS1='$ '\r", "\x02%", "PS1='$ '; echo right 中\r", "\x02\"", "\x02;"}},
	{"bash", []string{"bash", "--norc", "--noprofile"}, []string{"PS1='$ '\r", "echo 中文 e\u0301 👍x", "\x1b[D\x1b[D\x1b[D<", "\x1b[H", "# "}},
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	work, err := os.MkdirTemp("", "screens")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	code := strings.Repeat("#include <stdio.h>\n\nint main(void) {\n\tprintf(\"hello %d\\n\", 42); // a comment\n\treturn 0;\n}\n\n", 8)
	if err := os.WriteFile(filepath.Join(work, "main.c"), []byte(code), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "tmux.conf"), []byte("set -g status-right ''\nset -g set-titles off\nset -g default-command 'bash --norc'\n"), 0o644); err != nil {
		return err
	}
	for _, s := range scripts {
		r, err := s.record(work)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, s.name+".json"), append(data, '\n'), 0o644); err != nil {
			return err
		}
		fmt.Println(s.name, len(r.Bytes), "bytes")
	}
	return nil
}

func (s script) record(work string) (recording, error) {
	path, err := exec.LookPath(s.argv[0])
	if err != nil {
		return recording{}, err
	}
	process, err := pty.Start(pty.Command{
		Argv: append([]string{path}, s.argv[1:]...), Dir: work, Size: pty.Size{Cols: cols, Rows: rows},
		Env: []string{"PATH=/usr/bin:/bin", "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "HOME=" + work, "HISTFILE=/dev/null", "SHELL=/bin/bash"},
	})
	if err != nil {
		return recording{}, err
	}
	var mu sync.Mutex
	var printed []byte
	last := time.Now()
	var reading sync.WaitGroup
	reading.Go(func() {
		chunk := make([]byte, 32<<10)
		for {
			n, err := process.Read(chunk)
			mu.Lock()
			printed, last = append(printed, chunk[:n]...), time.Now()
			mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	settle := func() int {
		begun := time.Now()
		for {
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			silent, n := time.Since(last), len(printed)
			mu.Unlock()
			if n > 0 && silent > settled || time.Since(begun) > patience {
				return n
			}
		}
	}
	settle()
	for _, keys := range s.keys {
		if _, err := process.Write([]byte(keys)); err != nil {
			return recording{}, err
		}
		settle()
	}
	mu.Lock()
	bytes := append([]byte(nil), printed...) // what comes at the end is no screen
	mu.Unlock()
	process.Kill()
	reading.Wait()
	_ = exec.Command("tmux", "-L", "recorded", "kill-server").Run() // only one of them has it
	bytes = title.ReplaceAll(bytes, nil)
	r := recording{Program: s.name, Cols: cols, Rows: rows, Bytes: bytes}
	if host, err := os.Hostname(); err == nil && strings.Contains(string(bytes), host) {
		return r, fmt.Errorf("it shows the name of this machine, which is nobody’s business")
	}
	return r, r.ask(work)
}

// ask lets tmux show the bytes and reads its screen.
func (r *recording) ask(work string) error {
	file := filepath.Join(work, "bytes")
	if err := os.WriteFile(file, r.Bytes, 0o644); err != nil {
		return err
	}
	tmux := func(args ...string) (string, error) {
		cmd := exec.Command("tmux", append([]string{"-L", "truth", "-f", "/dev/null"}, args...)...)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TERM=xterm-256color", "HOME=" + work}
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		return string(out), err
	}
	defer func() { _, _ = tmux("kill-server") }()
	if _, err := tmux("new", "-d", "-x", fmt.Sprint(r.Cols), "-y", fmt.Sprint(r.Rows+1), "sleep 60"); err != nil {
		return err
	}
	if _, err := tmux("set", "-g", "status", "off", ";", "resize-window", "-x", fmt.Sprint(r.Cols), "-y", fmt.Sprint(r.Rows)); err != nil {
		return err
	}
	if _, err := tmux("respawn-pane", "-k", "stty raw -echo; cat '"+file+"'; sleep 60"); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	screen, err := tmux("capture-pane", "-p", "-e", "-N")
	if err != nil {
		return err
	}
	r.Screen = strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
	at, err := tmux("display", "-p", "#{cursor_x} #{cursor_y}")
	if err != nil {
		return err
	}
	_, err = fmt.Sscan(at, &r.Cursor[0], &r.Cursor[1])
	return err
}
