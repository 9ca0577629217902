package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/wire"
)

// maxBody bounds the JSON of a request: passwords, names and tokens.
const maxBody = 16 << 10

// bodyTimeout is how long the sending of it may take; who takes longer, signed in
// or not, only keeps a connection.
const bodyTimeout = 15 * time.Second

// handler answers a request or returns an error.
type handler func(http.ResponseWriter, *http.Request) error

// handle turns a handler into one of net/http. It is the one place that answers
// errors and the one place that logs them.
func (s *Server) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		kind, _ := app.Public(err)
		if kind == app.Internal {
			s.Log.ErrorContext(r.Context(), "request failed",
				"method", r.Method, "route", r.Pattern, "account", app.CallerFrom(r.Context()).AccountID, "err", err)
		}
		code := status[kind]
		if _, wrong := errors.AsType[*keyError](err); wrong {
			w.Header().Set("WWW-Authenticate", "Bearer")
			code = http.StatusUnauthorized
		}
		encode(w, code, told(err))
	})
}

// told is an error as it travels.
func told(err error) wire.Error {
	kind, message := app.Public(err)
	out := wire.Error{Kind: kind, Message: message}
	if e, ok := errors.AsType[*query.IndexError](err); ok {
		index := int64(e.Index)
		out.Index = &index
	}
	return out
}

var status = map[app.Kind]int{
	app.Invalid:     http.StatusUnprocessableEntity,
	app.Denied:      http.StatusForbidden,
	app.NotFound:    http.StatusNotFound,
	app.Conflict:    http.StatusConflict,
	app.TooLarge:    http.StatusRequestEntityTooLarge,
	app.Unavailable: http.StatusServiceUnavailable,
	app.Internal:    http.StatusInternalServerError,
	app.Elsewhere:   http.StatusMisdirectedRequest,
}

func encode(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the browser is gone: nobody to tell
}

// decode reads the JSON of a request.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return app.Errorf(app.Invalid, "This has to be sent as application/json.")
	}
	data, err := readBody(w, r, maxBody, bodyTimeout)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return app.Errorf(app.Invalid, "The request is not valid UTF-8.")
	}
	if err := json.Unmarshal(data, into); err != nil {
		return app.Explain(err, app.Invalid, "The request is not the JSON that is expected here.")
	}
	return nil
}

// readBody reads a request of at most so many bytes, within some time.
func readBody(w http.ResponseWriter, r *http.Request, most int64, within time.Duration) ([]byte, error) {
	deadline := http.NewResponseController(w).SetReadDeadline
	if err := deadline(time.Now().Add(within)); err != nil {
		return nil, fmt.Errorf("bound the reading of a request: %w", err)
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, app.Errorf(app.TooLarge, "This is more than %d bytes, the most that is read here.", most)
	}
	if err != nil {
		return nil, app.Explain(err, app.Unavailable, "The request was cut off. Please try again.")
	}
	return data, nil
}
