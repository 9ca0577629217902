package query

import (
	"bytes"
	"cmp"
	"strings"

	"lyceum/app"
)

// compare orders two values of one field. Values of different types, which the
// schema does not let into one field, order by type as in the stores.
func compare(a, b any) int {
	if ra, rb := rank(a), rank(b); ra != rb {
		return cmp.Compare(ra, rb)
	}
	switch a := a.(type) {
	case bool:
		return cmp.Compare(bit(a), bit(b.(bool)))
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(float64(a), b.(float64))
	case float64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, float64(b))
		}
		return cmp.Compare(a, b.(float64))
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case string:
		return strings.Compare(a, b.(string))
	}
	return 0
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rank is the place of a type in the order of types; what is missing comes first.
func rank(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case bool:
		return 2
	case int64, float64:
		return 3
	case []byte:
		return 4
	case string:
		return 5
	}
	return 1
}

// before orders two rows by order_by and then by their ids.
func (o options) before(a, b app.Record) int {
	for _, by := range o.order {
		c := compare(by.value(a.Row), by.value(b.Row))
		if by.descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	c := strings.Compare(a.ID, b.ID)
	if len(o.order) > 0 && o.order[0].descending {
		return -c // as an index that is read backwards gives them
	}
	return c
}

// value returns what a row is ordered by.
func (o order) value(row app.Row) any {
	var v any = row
	for _, name := range o.path {
		row, _ := v.(app.Row)
		v = row[name]
	}
	if v == nil {
		return o.field.Default
	}
	return v
}
