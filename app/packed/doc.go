// Package packed turns rows into bytes and back, the same in every store that
// keeps rows as bytes: CBOR in deterministic form, so that the same row is always
// the same bytes, integers and floats stay what they are, and damage is found.
package packed
