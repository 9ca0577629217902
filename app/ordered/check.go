package ordered

import (
	"fmt"
	"math"
	"unicode/utf8"

	"lyceum/app"
)

// MaxDepth is how deeply values of a row may be nested: far more than a schema
// declares, and few enough that no recursion over a row is ever a danger.
const MaxDepth = 32

// Check reports whether a row holds only what every store can keep: the types
// that app.Row names, no nil, no NaN or infinity, strings and names that are
// UTF-8, at most MaxDepth levels. The error names the path.
func Check(row app.Row) error { return check("", row, 0) }

func check(path string, value any, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("value at %q: nested more than %d levels", path, MaxDepth)
	}
	switch v := value.(type) {
	case bool, int64, []byte:
		return nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("value at %q: %v is not a finite number", path, v)
		}
		return nil
	case string:
		if !utf8.ValidString(v) {
			return fmt.Errorf("value at %q: the text is not UTF-8", path)
		}
		return nil
	case []any:
		for i, e := range v {
			if err := check(path, e, depth+1); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	case map[string]any:
		for name, e := range v {
			if !utf8.ValidString(name) {
				return fmt.Errorf("value at %q: the name %q is not UTF-8", path, name)
			}
			if err := check(path+"."+name, e, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("value at %q: a row cannot hold %T", path, value)
}
