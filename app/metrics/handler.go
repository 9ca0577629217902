package metrics

import (
	"bytes"
	"log/slog"
	"net/http"
)

// Handler answers GET /metrics with the figures of m and of this process, whose
// data is in a folder. It asks nobody for permission: what it says has neither
// names nor values, and who may reach it is a matter of where it listens.
func Handler(m *Meter, version, data string, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		process, err := ReadProcess(data)
		if err != nil { // what could be read is worth more than nothing
			log.WarnContext(r.Context(), "figures of the process not read", "part", "metrics", "err", err)
		}
		var text bytes.Buffer
		if err := WritePrometheus(&text, version, m.Read(), process); err != nil {
			log.ErrorContext(r.Context(), "figures not written", "part", "metrics", "err", err)
			http.Error(w, "The figures could not be written. The log of the server has the details.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", ContentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(text.Bytes()) // who asked is gone: nobody to tell
	})
	return mux
}
