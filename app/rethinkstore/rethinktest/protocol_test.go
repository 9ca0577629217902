package rethinktest

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// A raw is a connection without a driver.
type raw struct {
	t      *testing.T
	socket net.Conn
}

// rawTo opens a connection of admin to the first node, past the handshake.
func rawTo(t *testing.T, s *Server) *raw {
	ours, theirs := net.Pipe()
	c := s.nodes[0].newConn(theirs)
	c.user = "admin"
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read(bufio.NewReader(theirs))
	}()
	t.Cleanup(func() {
		ours.Close() // ends the other side
		<-done
	})
	return &raw{t, ours}
}

func (w *raw) send(token uint64, body string) {
	w.t.Helper()
	out := make([]byte, 12)
	binary.LittleEndian.PutUint64(out, token)
	binary.LittleEndian.PutUint32(out[8:], uint32(len(body)))
	if _, err := w.socket.Write(append(out, body...)); err != nil {
		w.t.Fatal(err)
	}
}

// receive is the next answer, with its token.
func (w *raw) receive() (uint64, response) {
	w.t.Helper()
	var header [12]byte
	if _, err := io.ReadFull(w.socket, header[:]); err != nil {
		w.t.Fatal(err)
	}
	body := make([]byte, binary.LittleEndian.Uint32(header[8:]))
	if _, err := io.ReadFull(w.socket, body); err != nil {
		w.t.Fatal(err)
	}
	var res response
	if err := json.Unmarshal(body, &res); err != nil {
		w.t.Fatal(err)
	}
	return binary.LittleEndian.Uint64(header[:8]), res
}

// want receives an answer of a kind with a token.
func (w *raw) want(token uint64, kind p.Response_ResponseType) response {
	w.t.Helper()
	got, res := w.receive()
	if got != token || res.Type != kind {
		w.t.Fatalf("token %d: %v %v, want token %d: %v", got, res.Type, res.Results, token, kind)
	}
	return res
}

const tableTerm = `[15,[[14,["d"]],"t"]]`

func TestStopAnswersWhatItStopsFirst(t *testing.T) {
	s, _, _ := withTable(t, Options{})
	w := rawTo(t, s)
	w.send(7, `[1,[152,[`+tableTerm+`]]]`)
	if res := w.want(7, p.Response_SUCCESS_PARTIAL); len(res.Notes) != 1 || res.Notes[0] != p.Response_SEQUENCE_FEED {
		t.Errorf("notes are %v", res.Notes)
	}
	w.send(7, `[2]`)
	w.send(7, `[3]`)
	w.want(7, p.Response_SUCCESS_SEQUENCE)
	w.want(7, p.Response_SUCCESS_SEQUENCE)
	s.AwaitFeeds("d", "t", 0)
	w.send(7, `[2]`)
	if res := w.want(7, p.Response_CLIENT_ERROR); res.Results[0] != "Token 7 not in stream cache." {
		t.Errorf("got %v", res.Results)
	}
}

func TestTokenIsTakenAsLongAsItsQueryHasMore(t *testing.T) {
	s, _, _ := withTable(t, Options{})
	w := rawTo(t, s)
	w.send(7, `[1,[152,[`+tableTerm+`]]]`)
	w.want(7, p.Response_SUCCESS_PARTIAL)
	w.send(7, `[1,1]`)
	if res := w.want(7, p.Response_CLIENT_ERROR); res.Results[0] != "ERROR: duplicate token 7" {
		t.Errorf("got %v", res.Results)
	}
	w.send(8, `[1,1]`)
	w.want(8, p.Response_SUCCESS_ATOM)
	w.send(8, `[1,2]`)
	w.want(8, p.Response_SUCCESS_ATOM)
}

func TestNoreplyWaitWaitsForWritesBeforeIt(t *testing.T) {
	s, _, _ := withTable(t, Options{})
	release := s.HoldWrites("d", "t")
	w := rawTo(t, s)
	w.send(1, `[1,[56,[`+tableTerm+`,{"id":1}]],{"noreply":true}]`)
	w.send(2, `[4]`)
	w.send(3, `[1,1,{"noreply":true}]`) // comes after, and ends before
	w.send(4, `[1,1]`)
	w.want(4, p.Response_SUCCESS_ATOM)
	release()
	w.want(2, p.Response_WAIT_COMPLETE)
	if n := len(rowsOf(s)); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestServerInfoNamesTheNode(t *testing.T) {
	w := rawTo(t, Start(t, Options{}))
	w.send(1, `[5]`)
	if res := w.want(1, p.Response_SERVER_INFO); res.Results[0].(object)["name"] != "node1" {
		t.Errorf("got %v", res.Results)
	}
}

func TestErrorsSayWhereInTheQuery(t *testing.T) {
	s, _, _ := withTable(t, Options{})
	w := rawTo(t, s)
	for query, want := range map[string]string{
		`[24,[1,[24,[2,"a"]]]]`:                       `[1]`,
		`[2,[1,{"k":[12,["bad"]]}]]`:                  `[1,"k"]`,
		`[54,[` + tableTerm + `],{"durability":"?"}]`: `null`,
	} {
		w.send(1, `[1,`+query+`]`)
		if got := jsonOf(w.want(1, p.Response_RUNTIME_ERROR).Backtrace); got != want {
			t.Errorf("%s: at %s, want %s", query, got, want)
		}
	}
}

// What the server does not know is an error that names it.
func TestUnknownIsAnError(t *testing.T) {
	s, _, _ := withTable(t, Options{})
	w := rawTo(t, s)
	insert := `[56,[` + tableTerm + `,{"id":1}]`
	for _, c := range []struct {
		message string
		kind    p.Response_ResponseType
		want    string
	}{
		{`[1,[50,[1,2]]]`, p.Response_COMPILE_ERROR, "rethinktest does not know the term EQ_JOIN (50)"},
		{`[1,[9999]]`, p.Response_COMPILE_ERROR, "rethinktest does not know the term 9999 (9999)"},
		{`[1,[24,[1,[50,[1,2]]]]]`, p.Response_COMPILE_ERROR, "rethinktest does not know the term EQ_JOIN (50)"},
		{`[1,` + insert + `,{"ignore_write_hook":true}]]`, p.Response_COMPILE_ERROR, "rethinktest does not know the optional argument `ignore_write_hook` of `insert`"},
		{`[1,` + insert + `,{"durability":"firm"}]]`, p.Response_RUNTIME_ERROR, "Durability option `firm` unrecognized (options are \"hard\" and \"soft\")."},
		{`[1,[15,[[14,["d"]],"t"],{"read_mode":"outdated"}]]`, p.Response_COMPILE_ERROR, "rethinktest does not know the read mode `outdated`"},
		{`[1,1,{"profile":true}]`, p.Response_COMPILE_ERROR, "rethinktest does not know the option `profile` of a query"},
		{`[1,[23,[]]]`, p.Response_COMPILE_ERROR, "Expected 1 argument but found 0."},
		{`[1,[31,[{}]]]`, p.Response_COMPILE_ERROR, "Expected 2 arguments but found 1."},
		{`[1,[16,[` + tableTerm + `,"a\u0000b"]]]`, p.Response_COMPILE_ERROR, "rethinktest does not know a primary key with a null byte"},
		{`[1,{"$reql_type$":"GEOMETRY"}]`, p.Response_COMPILE_ERROR, "rethinktest does not know the type GEOMETRY of $reql_type$"},
		{`[1,[2,[` + tableTerm + `]]]`, p.Response_RUNTIME_ERROR, "Expected type DATUM but found TABLE."},
		{`[1,[56,[[15,[[14,["rethinkdb"]],"server_status"]],{"id":1}]]]`, p.Response_COMPILE_ERROR, "rethinktest does not know how to write `rethinkdb.server_status`"},
		{`[6]`, p.Response_CLIENT_ERROR, "rethinktest does not know the query type 6"},
		{`{}`, p.Response_CLIENT_ERROR, "Client is buggy (failed to deserialize query)."},
		{`[1,[`, p.Response_CLIENT_ERROR, "Client is buggy (failed to deserialize query)."},
	} {
		w.send(1, c.message)
		if res := w.want(1, c.kind); res.Results[0] != c.want {
			t.Errorf("%s: %v\nwant %s", c.message, res.Results[0], c.want)
		}
	}
	if n := len(rowsOf(s)); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

func TestQueryThatIsTooLongIsRefusedAndSkipped(t *testing.T) {
	w := rawTo(t, Start(t, Options{}))
	header := make([]byte, 12)
	header[0] = 1
	binary.LittleEndian.PutUint32(header[8:], maxQuery+1)
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(w.socket, io.MultiReader(strings.NewReader(string(header)), io.LimitReader(zeros{}, maxQuery+1)))
		sent <- err
	}()
	if res := w.want(1, p.Response_CLIENT_ERROR); res.Results[0] != "Query size (134217728) greater than maximum (134217727)." {
		t.Errorf("got %v", res.Results)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	w.send(2, `[1,1]`)
	w.want(2, p.Response_SUCCESS_ATOM)
}

// zeros reads as zeros without an end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
