package rethinkdb

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io/fs"
	"os"
	"strings"

	"lyceum/app"
	"lyceum/app/durable"
)

// Secret is what all nodes of a cluster know.
type Secret struct{ text string }

const (
	// secretBytes are as many as nobody can guess.
	secretBytes = 32
	// minSecret is how many characters one that an operator has made must have: what
	// is made of it can be tried at home by everybody who sees a certificate.
	minSecret = 32
	// maxSecret bounds reading a file that is something else.
	maxSecret = 4096
)

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// LoadSecret reads the secret from a file, or makes that file if create says so.
func LoadSecret(path string, create bool) (Secret, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		random := make([]byte, secretBytes)
		_, _ = rand.Read(random) // never fails
		s := Secret{strings.ToLower(letters.EncodeToString(random))}
		return s, durable.WriteFile(path, []byte(s.text+"\n"))
	}
	if err != nil {
		return Secret{}, app.Explain(err, app.Invalid, "The file with the cluster's secret, %s, cannot be read. Copy it from the data directory of the first node (rethinkdb/secret).", path)
	}
	s := Secret{string(bytes.TrimSpace(text))}
	if len(s.text) < minSecret || len(s.text) > maxSecret {
		return Secret{}, app.Errorf(app.Invalid, "The file with the cluster's secret, %s, holds %d characters and not from %d to %d. Copy it from the data directory of the first node (rethinkdb/secret).",
			path, len(s.text), minSecret, maxSecret)
	}
	return s, nil
}

// derive returns n bytes that only who knows the secret can make.
func (s Secret) derive(purpose string, n int) []byte {
	key, err := hkdf.Key(sha256.New, []byte(s.text), nil, "lyceum rethinkdb "+purpose, n)
	if err != nil {
		panic(err) // n is a small constant
	}
	return key
}

// Password returns that of the database's administrator.
func (s Secret) Password() string {
	return strings.ToLower(letters.EncodeToString(s.derive("password", secretBytes)))
}
