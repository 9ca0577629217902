package files_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/projects/files"
)

// A client takes nothing from an agent that a Folder would not say, and not
// without end.
func TestAHostileAgentIsBounded(t *testing.T) {
	entry := `{"name":"a","kind":"file","size":1}`
	answers := map[string]string{
		"endless":         "",
		"no JSON":         "{",
		"unknown kind":    `{"entries":[{"name":"a","kind":"door"}]}`,
		"name with slash": `{"entries":[{"name":"../a","kind":"file"}]}`,
		"negative size":   `{"entries":[{"name":"a","kind":"file","size":-1}]}`,
		"long names":      `{"entries":[` + strings.Repeat(`{"name":"`+strings.Repeat("a", 1000)+`","kind":"file"},`, 7000) + entry + `]}`,
		"great mode":      `{"entries":[{"name":"a","kind":"file","mode":4095}]}`,
		"long name":       `{"entries":[{"name":"` + strings.Repeat("a", 2000) + `","kind":"file"}]}`,
		"many entries":    `{"entries":[` + strings.Repeat(entry+",", files.MaxEntries) + entry + `]}`,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var body io.Reader = strings.NewReader(answer)
				if name == "endless" {
					body = endless{}
				}
				_, _ = io.Copy(w, body) // until the client has enough
			}))
			defer server.Close()
			c := files.NewClient(server.Client().Transport, server.URL)
			_, list := c.List(t.Context(), "")
			_, read := c.ReadDocument(t.Context(), "a", 1000)
			_, write := c.WriteDocument(t.Context(), "a", []byte("x"), files.Expect{Max: 1000})
			_, left := c.Leftovers(t.Context(), "a", nil, 1000)
			_, _, open := c.Open(t.Context(), "a")
			watch := c.Watch(t.Context(), []string{"a"}, func(files.Event) error { return errors.New("an event") })
			for i, err := range []error{list, read, write, left, open, watch} {
				if err == nil || err.Error() == "an event" {
					t.Errorf("method %d took it: %v", i, err)
				}
			}
		})
	}
}

// A page counts exactly up to 2^53; some disks take times and sizes beyond.
func TestNumbersOfAnAgentCanBeShown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"entries":[{"name":"a","kind":"file","size":9223372036854775807,"modified":-9223372036854775808}]}`)
	}))
	defer server.Close()
	l, err := files.NewClient(server.Client().Transport, server.URL).List(t.Context(), "")
	if err != nil || len(l.Entries) != 1 || l.Entries[0].Size != 1<<53 || l.Entries[0].Modified != -1<<53 {
		t.Errorf("List = %v, %v", l, err)
	}
}

// The sentence of an agent is shown as it is, but not without end, and not under
// a kind that there is not.
func TestErrorsOfAnAgentKeepTheirKindAndASentence(t *testing.T) {
	for _, c := range []struct {
		body    string
		kind    app.Kind
		message string
	}{
		{`{"kind":"conflict","message":"It is there."}`, app.Conflict, "It is there."},
		{`{"kind":"nonsense","message":"It is there."}`, app.Internal, "Something went wrong on the server. Its log has the details."},
		{`{"kind":"conflict"}`, app.Internal, "Something went wrong on the server. Its log has the details."},
		{`<html>`, app.Internal, "Something went wrong on the server. Its log has the details."},
		{`{"kind":"conflict","message":"` + strings.Repeat("é", 600) + `"}`, app.Conflict, strings.Repeat("é", 500) + "…"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, c.body)
		}))
		client := files.NewClient(server.Client().Transport, server.URL)
		_, err := client.Stat(t.Context(), "a")
		if kind, message := app.Public(err); kind != c.kind || message != c.message {
			t.Errorf("%.40s: %q %q", c.body, kind, message)
		}
		server.Close()
		_, err = client.Stat(t.Context(), "a")
		refused(t, err, app.Unavailable, "does not answer")
	}
}
