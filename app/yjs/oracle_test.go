package yjs_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// oracle is the npm package yjs in a Node process.
type oracle struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	lock sync.Mutex
}

// command is a request to testdata/oracle.mjs.
type command struct {
	Cmd     string   `json:"cmd"`
	Doc     string   `json:"doc,omitempty"`
	Client  uint64   `json:"client,omitempty"`
	GC      bool     `json:"gc"`
	Actor   bool     `json:"actor,omitempty"`
	Torn    bool     `json:"torn,omitempty"`
	Seed    uint32   `json:"seed,omitempty"`
	Ops     []op     `json:"ops,omitempty"`
	Update  []byte   `json:"update,omitempty"`
	Updates [][]byte `json:"updates,omitempty"`
	Vector  []byte   `json:"vector,omitempty"`
}

// op is one edit of a type.
type op struct {
	Do     string  `json:"do"`
	Path   []any   `json:"path"`
	Index  int     `json:"index"`
	Length int     `json:"length"`
	Text   string  `json:"text"`
	Type   string  `json:"type,omitempty"`
	Key    string  `json:"key,omitempty"`
	Value  *value  `json:"value,omitempty"`
	Values []value `json:"values,omitempty"`
}

type value struct {
	JSON      json.RawMessage `json:"json,omitempty"`
	Bytes     *[]byte         `json:"bytes,omitempty"`
	Undefined bool            `json:"undefined,omitempty"`
}

type result struct {
	Updates [][]byte `json:"updates"`
	State   []byte   `json:"state"`
	Vector  []byte   `json:"vector"`
	JSON    string   `json:"json"`
	Pending bool     `json:"pending"`
	Error   string   `json:"error"`
}

// startOracle starts Node. What it needs must be there: a test that is skipped
// looks green.
func startOracle(t *testing.T) *oracle {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("Node 20 is needed to compare with the npm package yjs: %v.", err)
	}
	if _, err := os.Stat("../../frontend/node_modules/yjs/package.json"); err != nil {
		t.Fatalf("The npm package yjs is needed to compare with; run `npm ci` in frontend/ (%v).", err)
	}
	o := &oracle{t: t, cmd: exec.Command(node, "testdata/oracle.mjs")}
	o.cmd.Stderr = os.Stderr
	if o.in, err = o.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	o.out = bufio.NewReaderSize(out, 1<<20)
	if err := o.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.in.Close(); err != nil {
			t.Error(err)
		}
		if err := o.cmd.Wait(); err != nil {
			t.Errorf("oracle: %v", err)
		}
	})
	return o
}

// do runs commands and fails the test if the process does not answer.
func (o *oracle) do(commands ...command) []result {
	o.t.Helper()
	o.lock.Lock()
	defer o.lock.Unlock()
	line, err := json.Marshal(commands)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		o.t.Fatalf("oracle: %v", err)
	}
	answer, err := o.out.ReadBytes('\n')
	if err != nil {
		o.t.Fatalf("oracle: %v", err)
	}
	var results []result
	if err := json.Unmarshal(answer, &results); err != nil {
		o.t.Fatalf("oracle: %v", err)
	}
	return results
}

// one runs a command that must succeed.
func (o *oracle) one(c command) result {
	o.t.Helper()
	r := o.do(c)[0]
	if r.Error != "" {
		o.t.Fatalf("oracle: %s: %s", c.Cmd, r.Error)
	}
	return r
}
