package app

import (
	"crypto/rand"
	"strings"
)

// NewID returns a random id of 26 lower-case letters and digits, 130 bits. Ids
// are never reused and tell nothing.
func NewID() string { return strings.ToLower(rand.Text()) }
