package web

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// boundedWriter notes until when the request may be read.
type boundedWriter struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (w *boundedWriter) SetReadDeadline(t time.Time) error {
	w.until = t
	return nil
}

// Who sends a byte now and then must not keep a connection for ever.
func TestABodyIsReadForABoundedTime(t *testing.T) {
	w := &boundedWriter{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequest("POST", "/auth/sign-in", strings.NewReader(`{"email":"a"}`))
	r.Header.Set("Content-Type", "application/json")
	var body struct{ Email string }
	if err := decode(w, r, &body); err != nil || body.Email != "a" {
		t.Fatalf("%+v, %v", body, err)
	}
	if left := time.Until(w.until); left <= 0 || left > bodyTimeout {
		t.Errorf("it may be read for %v, want %v at most", left, bodyTimeout)
	}
}
