package yjs

import "encoding/json"

// maxNesting is how deep values and types may be nested. Browsers read and
// delete them recursively, and overflow their stack at some thousands.
const maxNesting = 500

// checkJSON fails unless text is what JSON.parse accepts, not nested deeper
// than maxNesting.
func (d *decoder) checkJSON(text []byte) {
	if d.err != nil {
		return
	}
	depth, inString, escaped := 0, false, false
	for _, b := range text {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = b == '\\'
			inString = b != '"'
		case b == '"':
			inString = true
		case b == '[' || b == '{':
			if depth++; depth > maxNesting {
				d.fail("JSON nested deeper than %d", maxNesting)
				return
			}
		case b == ']' || b == '}':
			depth--
		}
	}
	if !json.Valid(text) {
		d.fail("invalid JSON")
	}
}
