package app

// Clone copies a row in depth; bytes, which nobody changes in place, are shared.
func Clone(row Row) Row {
	if row == nil {
		return nil
	}
	return clone(row).(Row)
}

func clone(v any) any {
	switch v := v.(type) {
	case Row:
		out := make(Row, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
