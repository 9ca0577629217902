package yjs

// JSON returns the text as a JSON string.
func (t *Text) JSON() []byte { return appendJSONString(nil, t.String()) }

// JSON returns the array with all in it. What is Opaque is null.
func (a *Array) JSON() []byte {
	to := []byte{'['}
	for i, element := range a.All() {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(to, elementJSON(element)...)
	}
	return append(to, ']')
}

// JSON returns the map with all in it, its keys in alphabetical order. What is
// Opaque is null, undefined is left out.
func (m *Map) JSON() []byte {
	to := []byte{'{'}
	for _, key := range m.Keys() {
		element, ok := m.At(key)
		if v, isValue := element.(Value); !ok || isValue && v.Equal(Undefined) {
			continue
		}
		if len(to) > 1 {
			to = append(to, ',')
		}
		to = append(appendJSONString(to, key), ':')
		to = append(to, elementJSON(element)...)
	}
	return append(to, '}')
}

func elementJSON(element any) []byte {
	switch element := element.(type) {
	case Value:
		return element.JSON()
	case *Text:
		return element.JSON()
	case *Array:
		return element.JSON()
	case *Map:
		return element.JSON()
	}
	return []byte("null")
}
