package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"lyceum/app"
)

// cookie returns the session's cookie of an answer.
func cookie(resp *http.Response) *http.Cookie {
	for _, c := range resp.Cookies() {
		if c.Name == "lyceum_session" {
			return c
		}
	}
	return nil
}

func TestFirstAccountSignsUpInAndOut(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	token, err := w.auth.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nobody := w.nobody()
	resp, body := nobody.post("auth/sign-up", map[string]string{
		"token": token, "email": "ada@example.org", "password": "correct horse", "name": "Ada",
	})
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); err != nil || resp.StatusCode != 200 || answer["account_id"] == "" {
		t.Fatalf("%d %s (%v)", resp.StatusCode, body, err)
	}
	c := cookie(resp)
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/lyceum/" || c.Secure || c.MaxAge <= 0 {
		t.Fatalf("cookie is %v", c)
	}
	resp, body = nobody.post("auth/sign-in", map[string]string{"email": "ada@example.org", "password": "wrong horse"})
	if resp.StatusCode != http.StatusForbidden || cookie(resp) != nil {
		t.Errorf("wrong password: %d %s", resp.StatusCode, body)
	}
	resp, body = nobody.post("auth/sign-in", map[string]string{"email": "ada@example.org", "password": "correct horse"})
	if resp.StatusCode != 200 {
		t.Fatalf("sign in: %d %s", resp.StatusCode, body)
	}
	ada := &person{w, answer["account_id"], cookie(resp).Value}
	resp, body = ada.post("auth/password", map[string]string{"current": "correct horse", "new": "battery staple"})
	if resp.StatusCode != 200 {
		t.Errorf("change password: %d %s", resp.StatusCode, body)
	}
	resp, _ = ada.post("auth/sign-out", nil)
	if c := cookie(resp); resp.StatusCode != 200 || c == nil || c.MaxAge >= 0 {
		t.Errorf("sign out: %d, cookie %v", resp.StatusCode, c)
	}
	resp, body = ada.post("auth/password", map[string]string{"current": "battery staple", "new": "something else"})
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("after signing out: %d %s", resp.StatusCode, body)
	}
}

// A cookie that was given over TLS must not leave in the clear later.
func TestCookieIsSecureBehindTLS(t *testing.T) {
	w := newWorld(t, "/")
	w.person("ada")
	link, err := w.auth.SignInLink(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	r := w.nobody().request("POST", "auth/link", strings.NewReader(`{"token":"`+link+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-Proto", "https")
	resp, body := w.nobody().do(r)
	if c := cookie(resp); c == nil || !c.Secure {
		t.Errorf("%d %s, cookie %v", resp.StatusCode, body, c)
	}
}

// Behind a proxy of this machine a whole class must not share one limit.
func TestAddressIsTheOneThatTheProxySays(t *testing.T) {
	w := newWorld(t, "/")
	w.person("ada")
	link, err := w.auth.SignInLink(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	r := w.nobody().request("POST", "auth/link", strings.NewReader(`{"token":"`+link+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", "203.0.113.9, 192.0.2.7")
	if resp, body := w.nobody().do(r); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	page, err := w.store.Read(t.Context(), app.Range{Table: "sessions"})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, rec := range page.Records {
		found = found || rec.Row["address"] == "192.0.2.7"
	}
	if !found {
		t.Errorf("sessions are %v", page.Records)
	}
}

func TestBadRequestsAreRefusedWithASentence(t *testing.T) {
	w := newWorld(t, "/")
	for _, test := range []struct {
		name, kind, body string
		status           int
	}{
		{"a form", "application/x-www-form-urlencoded", "email=a", 422},
		{"no JSON", "application/json", "{", 422},
		{"wrong type", "application/json", `{"email":1}`, 422},
		{"invalid UTF-8", "application/json", "{\"email\":\"\xff\"}", 422},
		{"too large", "application/json", `{"email":"` + strings.Repeat("x", 20<<10) + `"}`, 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := w.nobody().request("POST", "auth/sign-in", strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.kind)
			resp, body := w.nobody().do(r)
			if resp.StatusCode != test.status || !strings.Contains(body, `.`) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
		})
	}
}
