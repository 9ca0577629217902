package web

import (
	"context"
	"net/http"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/auth"
)

const (
	cookieName = "lyceum_session"
	// cookieLife is the longest that browsers keep a cookie. When a session ends
	// is decided by its row.
	cookieLife = 400 * 24 * time.Hour
)

// caller returns who asks, and the request with it in its context.
func (s *Server) caller(r *http.Request) (app.Caller, *http.Request, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return app.Caller{}, r, nil // no cookie: nobody
	}
	known, stop := context.WithTimeout(r.Context(), rolesPatience)
	defer stop()
	if s.Access.Wait(known) != nil || s.Access.Lost() { // the store may take longer to say so than a browser waits
		return app.Caller{}, r, access.ErrLost
	}
	c, err := s.Auth.Caller(r.Context(), cookie.Value)
	return c, r.WithContext(app.WithCaller(r.Context(), c)), err
}

func from(r *http.Request) auth.From {
	return auth.From{Address: address(r), UserAgent: r.UserAgent()}
}

// welcome answers a sign-in: the token in a cookie that scripts cannot read.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, in auth.SignedIn) {
	s.setCookie(w, r, in.Token, cookieLife)
	encode(w, http.StatusOK, map[string]string{"account_id": in.AccountID})
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	maxAge := int(life / time.Second)
	if life == 0 {
		maxAge = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: s.BasePath, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: encrypted(r),
	})
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Email, Password string }
	if err := decode(w, r, &body); err != nil {
		return err
	}
	in, err := s.Auth.SignIn(r.Context(), from(r), body.Email, body.Password)
	if err != nil {
		return err
	}
	s.welcome(w, r, in)
	return nil
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Token, Email, Password, Name string }
	if err := decode(w, r, &body); err != nil {
		return err
	}
	in, err := s.Auth.SignUp(r.Context(), from(r), auth.NewAccount(body))
	if err != nil {
		return err
	}
	s.welcome(w, r, in)
	return nil
}

func (s *Server) signInByLink(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Token string }
	if err := decode(w, r, &body); err != nil {
		return err
	}
	in, err := s.Auth.SignInByLink(r.Context(), from(r), body.Token)
	if err != nil {
		return err
	}
	s.welcome(w, r, in)
	return nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	caller, r, err := s.caller(r)
	if err != nil {
		return err
	}
	if err := s.Auth.SignOut(r.Context(), caller); err != nil {
		return err
	}
	s.setCookie(w, r, "", 0)
	encode(w, http.StatusOK, struct{}{})
	return nil
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Current, New string }
	if err := decode(w, r, &body); err != nil {
		return err
	}
	caller, r, err := s.caller(r)
	if err != nil {
		return err
	}
	if err := s.Auth.ChangePassword(r.Context(), caller, from(r), body.Current, body.New); err != nil {
		return err
	}
	encode(w, http.StatusOK, struct{}{})
	return nil
}
