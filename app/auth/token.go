package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// newToken returns a secret of 130 random bits, as letters and digits.
func newToken() string { return strings.ToLower(rand.Text()) }

// hashOf is what is stored of a token. The token is random, so a fast hash
// without salt is enough.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
