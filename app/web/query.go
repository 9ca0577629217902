package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lyceum/app"
	"lyceum/app/auth"
	"lyceum/app/query"
	"lyceum/app/wire"
)

const (
	// maxScripts is how many requests one account's scripts may have under way:
	// more than a program with some threads needs, and a loop that forgets to
	// wait leaves the server to the others.
	maxScripts = 8
	// scriptBodyTimeout is how long a request may take to arrive: the greatest
	// one over a slow line.
	scriptBodyTimeout = time.Minute
)

// keyError says that an API key is missing or wrong. It is answered with 401.
type keyError struct{ error }

// Unwrap returns the error with the sentence.
func (e *keyError) Unwrap() error { return e.error }

// bearer returns the API key of a request. Another scheme than Bearer is a proxy's.
func bearer(r *http.Request) (secret string, ok bool) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(secret), strings.EqualFold(scheme, "Bearer")
}

// script returns whose API key a request has, and the request with it in its
// context. A cookie says nothing here: what a page of another site makes a browser
// send has no key.
func (s *Server) script(r *http.Request) (app.Caller, *http.Request, error) {
	secret, ok := bearer(r)
	if !ok {
		return app.Caller{}, r, &keyError{app.Errorf(app.Denied, "This needs an API key in the header \"Authorization: Bearer …\". "+
			"Make one in the settings of your account.")}
	}
	c, err := auth.Keys{Auth: s.Auth, Access: s.Access}.Caller(r.Context(), from(r), secret)
	if app.IsKind(err, app.Denied) {
		err = &keyError{err}
	}
	return c, r.WithContext(app.WithCaller(r.Context(), c)), err
}

// asker returns who asks: by an API key if there is one, else by the cookie.
func (s *Server) asker(r *http.Request) (app.Caller, *http.Request, error) {
	if _, ok := bearer(r); ok {
		return s.script(r)
	}
	return s.caller(r)
}

// query answers one query, or an array of them, of a script.
func (s *Server) query(w http.ResponseWriter, r *http.Request) error {
	caller, r, err := s.script(r)
	if err != nil {
		return err
	}
	leave, ok := s.scripts.take(caller.AccountID, maxScripts)
	if !ok {
		return app.Errorf(app.Unavailable, "Your scripts have %d requests under way, the most that are answered at once. "+
			"Please wait for some answers, or ask several things in one request.", maxScripts)
	}
	defer leave()
	data, err := readBody(w, r, wire.MaxMessage, scriptBodyTimeout)
	if err != nil {
		return err
	}
	// What is read from now on shows only that the script has gone.
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	asked, err := wire.DecodeRequest(data)
	if err != nil {
		return err
	}
	if query.Watches(asked.Options) {
		return app.Errorf(app.Invalid, "A watch needs a connection that stays open: ask it over the WebSocket at %sws, with the same key.", s.BasePath)
	}
	ctx, end, err := s.Access.Guard(r.Context(), caller, "", app.NoRole)
	if err != nil {
		return &keyError{err}
	}
	defer end()
	answer, err := s.answerTo(ctx, caller, asked)
	if !s.Access.Valid(caller) {
		return &keyError{s.Access.Check(caller, "", app.NoRole)}
	}
	if err != nil {
		return err
	}
	return send(ctx, w, answer)
}

// answerTo runs a query and returns its answer, encoded, as nothing has changed
// since in what the caller may see. (W5)
func (s *Server) answerTo(ctx context.Context, caller app.Caller, asked wire.Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for range maxReruns {
		stamp := s.Access.Stamp(caller.AccountID)
		a, err := s.Tables.Run(ctx, asked.Query, asked.Options, asked.Request)
		if err != nil {
			return nil, err
		}
		data, err := wire.EncodeResult(result(a))
		if err != nil || a.Wrote || s.Access.Stamp(caller.AccountID) == stamp {
			return data, err
		}
	}
	return nil, app.Errorf(app.Unavailable, "What you may see is changing too fast. Please try again.")
}

// send writes an answer while ctx lasts. One that ends in the middle breaks the
// connection off: the status has been sent.
func send(ctx context.Context, w http.ResponseWriter, answer []byte) error {
	deadline := http.NewResponseController(w).SetWriteDeadline
	stop := context.AfterFunc(ctx, func() { _ = deadline(time.Unix(1, 0)) }) // ends a write that waits
	defer stop()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, err := copyChunks(w, bytes.NewReader(answer), func(now time.Time) error {
		if err := deadline(now.Add(chunkTimeout)); err != nil {
			return err
		}
		return ctx.Err() // after the deadline: its end sets an earlier one
	})
	if err != nil {
		panic(http.ErrAbortHandler) // net/http knows this panic
	}
	return nil
}
