package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"lyceum/app"
)

// The cost of one password: what OWASP names as the least for argon2id. It takes
// about 30 ms of one core, so that a class of a hundred signs in within seconds
// on two cores, and someone who steals the database tries a few dozen passwords
// a second and core.
const (
	argonMemoryKiB = 19 * 1024
	argonTime      = 2
	argonThreads   = 1
	saltBytes      = 16
	keyBytes       = 32
)

// Bounds of hashing at once. Two leave the other cores and 40 MiB to everybody
// else; whoever is 128th in line would wait for two seconds, more are told to
// come back.
const (
	maxHashing = 2
	maxWaiting = 128
)

// Bounds of a password. Eight characters is what NIST asks at least; nobody
// types more than the upper one, and hashing it costs little.
const (
	minPasswordChars = 8
	maxPasswordBytes = 512
)

var errEncoding = errors.New("not an argon2id string")

// hasher bounds how many passwords are hashed at once.
type hasher struct {
	slots chan struct{} // one for each that is hashed
	line  chan struct{} // one for each that is hashed or waits
}

func newHasher() *hasher {
	return &hasher{slots: make(chan struct{}, maxHashing), line: make(chan struct{}, maxHashing+maxWaiting)}
}

// enter waits for a slot; leave gives it back.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.line <- struct{}{}:
	default:
		return nil, app.Errorf(app.Unavailable, "Too many people are signing in at the same time. Please try again in a minute.")
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.line }, nil
	case <-ctx.Done():
		<-h.line
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: the process ends where there is no randomness
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemoryKiB, argonThreads, keyBytes)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemoryKiB, argonTime, argonThreads, encode(salt), encode(key)), nil
}

// matches reports whether a password belongs to a PHC string. An empty string
// belongs to none and costs as much as any other.
func (h *hasher) matches(ctx context.Context, password, phc string) (bool, error) {
	p := params{memory: argonMemoryKiB, time: argonTime, threads: argonThreads, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}
	if phc != "" {
		var err error
		if p, err = parsePHC(phc); err != nil {
			return false, err
		}
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	key := argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.key)))
	return subtle.ConstantTimeCompare(key, p.key) == 1 && phc != "", nil
}

type params struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// parsePHC reads what hash has written, now or with the parameters of another
// release.
func parsePHC(phc string) (params, error) {
	var p params
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errEncoding
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, errEncoding
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	p.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || p.time == 0 || p.threads == 0 || len(p.key) < 16 {
		return p, errEncoding
	}
	return p, nil
}

func checkPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return app.Errorf(app.Invalid, "This password has characters that are not text. Please choose another.")
	case utf8.RuneCountInString(password) < minPasswordChars:
		return app.Errorf(app.Invalid, "A password has at least %d characters. A few words in a row are easy to remember.", minPasswordChars)
	case len(password) > maxPasswordBytes:
		return app.Errorf(app.TooLarge, "A password has at most %d bytes. Please choose a shorter one.", maxPasswordBytes)
	}
	return nil
}
