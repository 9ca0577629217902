package files

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"lyceum/app"
)

const (
	// watchRequestBound is for a list of maxWatched paths of usual length.
	watchRequestBound = 1 << 20
	// aliveEvery is how often a stream of events says that it is alive;
	// aliveWithin is when a client gives one up.
	aliveEvery  = 20 * time.Second
	aliveWithin = 50 * time.Second
	// infoHeader has what is known of a file beside its bytes: JSON in base64url.
	infoHeader = "Lyceum-File"
)

// Handler serves files at paths such as "/list"; mount it with
// http.StripPrefix("/files", files.Handler(folder)). It trusts who asks: the
// server in front has checked roles.
func Handler(f Files) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, serve func(w http.ResponseWriter, r *http.Request, path string) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := serve(w, r, r.URL.Query().Get("path")); err != nil {
				writeError(w, err)
			}
		})
	}
	handle("GET /list", func(w http.ResponseWriter, r *http.Request, path string) error {
		v, err := f.List(r.Context(), path)
		return answer(w, v, err)
	})
	handle("GET /stat", func(w http.ResponseWriter, r *http.Request, path string) error {
		v, err := f.Stat(r.Context(), path)
		return answer(w, v, err)
	})
	handle("POST /create", func(w http.ResponseWriter, r *http.Request, path string) error {
		v, err := f.CreateFile(r.Context(), path)
		return answer(w, v, err)
	})
	handle("POST /mkdir", func(w http.ResponseWriter, r *http.Request, path string) error {
		v, err := f.Mkdir(r.Context(), path)
		return answer(w, v, err)
	})
	handle("POST /rename", func(w http.ResponseWriter, r *http.Request, path string) error {
		v, err := f.Rename(r.Context(), path, r.URL.Query().Get("to"))
		return answer(w, v, err)
	})
	handle("POST /remove", func(w http.ResponseWriter, r *http.Request, path string) error {
		return answer(w, struct{}{}, f.Remove(r.Context(), path))
	})
	handle("GET /content", func(w http.ResponseWriter, r *http.Request, path string) error {
		return download(w, r, f, path)
	})
	handle("PUT /content", func(w http.ResponseWriter, r *http.Request, path string) error {
		v, err := f.Upload(r.Context(), path, r.URL.Query().Get("overwrite") == "1", r.Body)
		return answer(w, v, err)
	})
	handleDocuments(handle, f)
	handle("POST /watch", func(w http.ResponseWriter, r *http.Request, _ string) error { return serveWatch(w, r, f) })
	return mux
}

func handleDocuments(handle func(string, func(http.ResponseWriter, *http.Request, string) error), f Files) {
	handle("GET /document", func(w http.ResponseWriter, r *http.Request, path string) error {
		d, err := f.ReadDocument(r.Context(), path, number(r, "max"))
		if err != nil {
			return err
		}
		setInfo(w, d)
		w.Header().Set("Content-Length", strconv.Itoa(len(d.Data)))
		_, _ = w.Write(d.Data) // who has left does not read it
		return nil
	})
	handle("PUT /document", func(w http.ResponseWriter, r *http.Request, path string) error {
		e := Expect{Hashes: hashes(r), Absent: r.URL.Query().Get("absent") == "1", Max: number(r, "max")}
		limit := max(e.Max, MaxDocument)
		data, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
		if err != nil {
			return app.Explain(err, app.Unavailable, "The text was not received as a whole; nothing was changed.")
		}
		v, err := f.WriteDocument(r.Context(), path, data, e)
		return answer(w, v, err)
	})
	handle("POST /leftovers", func(w http.ResponseWriter, r *http.Request, path string) error {
		v, err := f.Leftovers(r.Context(), path, hashes(r), number(r, "max"))
		return answer(w, v, err)
	})
	handle("POST /discard", func(w http.ResponseWriter, r *http.Request, path string) error {
		hash, err := hex.DecodeString(r.URL.Query().Get("hash"))
		if err != nil {
			return app.Errorf(app.Invalid, "The hash of the left-over is not hexadecimal.")
		}
		return answer(w, struct{}{}, f.Discard(r.Context(), path, r.URL.Query().Get("name"), hash))
	})
}

func number(r *http.Request, name string) int64 {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0 // the default
	}
	return n
}

// hashes are those in the query; what is none matches no content.
func hashes(r *http.Request) [][]byte {
	var all [][]byte
	for _, text := range r.URL.Query()["hash"] {
		if h, err := hex.DecodeString(text); err == nil {
			all = append(all, h)
		}
	}
	return all
}

func setInfo(w http.ResponseWriter, v any) {
	w.Header().Set(infoHeader, base64.RawURLEncoding.EncodeToString(mustJSON(v)))
	w.Header().Set("Content-Type", "application/octet-stream")
}

// download sends a file. One that shrinks meanwhile ends the connection, so that
// nobody takes a part for the whole; of one that grows its former size is sent.
func download(w http.ResponseWriter, r *http.Request, f Files, path string) error {
	file, info, err := f.Open(r.Context(), path)
	if err != nil {
		return err
	}
	defer file.Close()
	setInfo(w, info)
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size, 10))
	w.WriteHeader(http.StatusOK)
	if n, err := io.CopyN(w, file, info.Size); err != nil || n < info.Size {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// serveWatch streams events, one JSON object a line; an empty line says that it
// is alive.
func serveWatch(w http.ResponseWriter, r *http.Request, f Files) error {
	var request struct {
		Paths []string `json:"paths"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, watchRequestBound)).Decode(&request); err != nil {
		return app.Explain(err, app.Invalid, "The list of what to watch was not understood.")
	}
	ctx, cancel := context.WithCancel(r.Context())
	var alive sync.WaitGroup
	defer alive.Wait()
	defer cancel()
	var mu sync.Mutex // events and signs of life take turns
	control := http.NewResponseController(w)
	write := func(line []byte) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := w.Write(append(line, '\n'))
		return errors.Join(err, control.Flush())
	}
	begun := false
	err := f.Watch(ctx, request.Paths, func(e Event) error {
		if e.Ready && !begun {
			begun = true
			alive.Go(func() {
				for pause(ctx, aliveEvery) {
					if write(nil) != nil {
						cancel()
					}
				}
			})
		}
		return write(mustJSON(e))
	})
	if begun {
		return nil // the stream ends; whoever watched asks again
	}
	return err
}

// answer sends v as JSON, or hands back err.
func answer(w http.ResponseWriter, v any, err error) error {
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(mustJSON(v)) // who has left does not read it
	return nil
}

// wireError is an error on its way.
type wireError struct {
	Kind    app.Kind `json:"kind"`
	Message string   `json:"message"`
}

var statuses = map[app.Kind]int{
	app.Invalid: http.StatusBadRequest, app.Denied: http.StatusForbidden, app.NotFound: http.StatusNotFound,
	app.Conflict: http.StatusConflict, app.TooLarge: http.StatusRequestEntityTooLarge,
	app.Unavailable: http.StatusServiceUnavailable, app.Internal: http.StatusInternalServerError,
}

func writeError(w http.ResponseWriter, err error) {
	kind, message := app.Public(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(statuses[kind])
	_, _ = w.Write(mustJSON(wireError{kind, message})) // who has left does not read it
}

// mustJSON writes one of our own types; they hold nothing that JSON cannot.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// queryOf names parameters in pairs.
func queryOf(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString(map[bool]string{true: "?", false: "&"}[i == 0])
		b.WriteString(pairs[i] + "=" + escapeQuery(pairs[i+1]))
	}
	return b.String()
}
