package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
)

func TestHashesAreSaltedAndMatch(t *testing.T) {
	h := newHasher()
	one, err := h.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hashes are %s and %s", one, two)
	}
	for _, test := range []struct {
		password, phc string
		want          bool
	}{
		{"correct horse", one, true}, {"correct horse", two, true}, {"wrong horse", one, false},
		{"", "", false}, {"anything", "", false},
	} {
		if got, err := h.matches(t.Context(), test.password, test.phc); got != test.want || err != nil {
			t.Errorf("matches(%q, %q) = %v, %v", test.password, test.phc, got, err)
		}
	}
}

func TestBrokenHashesAreErrorsAndMatchNothing(t *testing.T) {
	h := newHasher()
	for _, phc := range []string{"x", "$argon2i$v=19$m=1,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=8,t=1,p=1$AAAA$"} {
		if ok, err := h.matches(t.Context(), "", phc); ok || err == nil {
			t.Errorf("matches(%q) = %v, %v", phc, ok, err)
		}
	}
}

// A crowd at the door must not use up the memory: who is too late is told so.
func TestHashingAtTheSameTimeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher()
		var leave []func()
		for range maxHashing {
			done, err := h.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, done)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		waiting := make(chan error, maxWaiting)
		for range maxWaiting {
			go func() {
				_, err := h.enter(ctx)
				waiting <- err
			}()
		}
		synctest.Wait()
		if _, err := h.enter(ctx); !app.IsKind(err, app.Unavailable) {
			t.Errorf("with the line full: %v", err)
		}
		for range maxWaiting {
			if err := <-waiting; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("waiting ended with %v", err)
			}
		}
		for _, done := range leave {
			done()
		}
		if len(h.line) != 0 || len(h.slots) != 0 {
			t.Errorf("left behind: %d in line, %d slots", len(h.line), len(h.slots))
		}
	})
}

// An unknown address must cost as much time as a known one: both wait for, and
// use, a slot of the hasher.
func TestUnknownAddressIsHashedToo(t *testing.T) {
	a := New(memstore.New(schema.Tables()), slog.New(slog.DiscardHandler))
	for range maxHashing {
		if _, err := a.passwords.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.SignIn(ctx, From{}, "nobody@example.org", "some password"); !errors.Is(err, context.Canceled) {
		t.Errorf("SignIn of nobody = %v, without having waited for a slot", err)
	}
}

func TestLimiterForgetsAndStaysSmall(t *testing.T) {
	l := limiter{seen: map[string]attempts{}}
	now := time.Now()
	for i := range maxAttemptsTracked + 100 {
		if err := l.take(now, accountKey(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.seen) > maxAttemptsTracked {
		t.Errorf("keeps %d", len(l.seen))
	}
	if err := l.take(now.Add(attemptWindow), accountKey("new")); err != nil || len(l.seen) != 1 {
		t.Errorf("after the window it keeps %d, %v", len(l.seen), err)
	}
}

func TestAddressesOfOneNetworkCountTogether(t *testing.T) {
	for _, pair := range [][2]string{
		{"2001:db8::1", "2001:db8::ffff:1"}, {"::ffff:192.0.2.1", "192.0.2.1"}, {"fe80::1%eth0", "fe80::2%eth1"},
	} {
		if a, b := addressKey(pair[0]), addressKey(pair[1]); a != b {
			t.Errorf("%s and %s are %v and %v", pair[0], pair[1], a, b)
		}
	}
	if addressKey("192.0.2.1") == addressKey("192.0.2.2") || addressKey("2001:db8::1") == addressKey("2001:db8:0:1::1") {
		t.Error("different networks count together")
	}
}
