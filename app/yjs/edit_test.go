package yjs_test

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"

	"lyceum/app/yjs"
)

var pieces = []string{"a", "b", "hello ", "x\ny", "é", "日本語", "😀", "👩‍👩‍👧", "𝒳𝒴", "ü", "0123456789", "\ufeff"}

var jsonValues = []string{
	"1", "-1", "0", "-0", "2147483647", "-2147483648", "1099511627776", "1.5", "0.1", "1e300",
	"true", "false", "null", `"text"`, `"😀"`, `""`, "[1,[2,{}]]", `{"a":1,"b":{"c":[null,"x"]}}`,
}

// editOne edits something in a document at random and says what it did.
func (s *schedule) editOne(d *yjs.Doc) op {
	type target struct {
		view any
		path []any
	}
	targets := []target{
		{d.Text("t"), []any{"t"}}, {d.Text("t"), []any{"t"}}, {d.Array("a"), []any{"a"}}, {d.Map("m"), []any{"m"}},
	}
	for i := 0; i < len(targets); i++ {
		switch view := targets[i].view.(type) {
		case *yjs.Array:
			for j, e := range view.All() {
				targets = append(targets, target{e, append(targets[i].path[:len(targets[i].path):len(targets[i].path)], j)})
			}
		case *yjs.Map:
			for _, key := range view.Keys() {
				e, _ := view.At(key)
				targets = append(targets, target{e, append(targets[i].path[:len(targets[i].path):len(targets[i].path)], key)})
			}
		}
	}
	for {
		switch on := targets[s.r.IntN(len(targets))]; view := on.view.(type) {
		case *yjs.Text:
			return s.editText(view, on.path)
		case *yjs.Array:
			return s.editArray(view, on.path)
		case *yjs.Map:
			return s.editMap(view, on.path)
		}
	}
}

func (s *schedule) must(err error) {
	s.t.Helper()
	if err != nil {
		s.failf("edit: %v", err)
	}
}

// editText inserts or deletes between two characters.
func (s *schedule) editText(text *yjs.Text, path []any) op {
	units := utf16.Encode([]rune(text.String()))
	boundary := func(from int) int {
		i := from + s.r.IntN(text.Len()+1-from)
		if i < len(units) && utf16.IsSurrogate(rune(units[i])) && units[i] >= 0xdc00 && len(units) == text.Len() {
			i--
		}
		return i
	}
	index := boundary(0)
	if s.r.IntN(3) == 0 && len(units) == text.Len() {
		end := boundary(index)
		if end-index > 6 && s.r.IntN(3) > 0 {
			end = index
		}
		s.must(text.Delete(index, end-index))
		return op{Do: "delete", Path: path, Index: index, Length: end - index}
	}
	piece := pieces[s.r.IntN(len(pieces))]
	if err := text.Insert(index, piece); err != nil { // in a text with embeds, inside of a character
		index = 0
		s.must(text.Insert(0, piece))
	}
	return op{Do: "insertText", Path: path, Index: index, Text: piece}
}

func (s *schedule) value() (yjs.Value, value) {
	switch s.r.IntN(10) {
	case 0:
		b := []byte{1, 2, byte(s.r.IntN(256))}
		return yjs.BytesValue(b), value{Bytes: &b}
	}
	text := jsonValues[s.r.IntN(len(jsonValues))]
	v, err := yjs.ParseJSON([]byte(text))
	s.must(err)
	if text == "-0" { // encoding/json and JSON.parse both know it, but not every encoder
		text = "-0.0"
	}
	return v, value{JSON: json.RawMessage(text)}
}

func (s *schedule) editArray(a *yjs.Array, path []any) op {
	index := s.r.IntN(a.Len() + 1)
	switch s.r.IntN(4) {
	case 0:
		length := min(s.r.IntN(4), a.Len()-index)
		s.must(a.Delete(index, length))
		return op{Do: "delete", Path: path, Index: index, Length: length}
	case 1:
		o := op{Do: "insertType", Path: path, Index: index}
		var err error
		switch s.r.IntN(3) {
		case 0:
			o.Type, o.Text = "text", pieces[s.r.IntN(len(pieces))]
			_, err = a.InsertText(index, o.Text)
		case 1:
			o.Type = "array"
			_, err = a.InsertArray(index)
		default:
			o.Type = "map"
			_, err = a.InsertMap(index)
		}
		s.must(err)
		return o
	}
	o := op{Do: "insert", Path: path, Index: index}
	var values []yjs.Value
	for range 1 + s.r.IntN(3) {
		v, described := s.value()
		values = append(values, v)
		o.Values = append(o.Values, described)
	}
	s.must(a.Insert(index, values...))
	return o
}

func (s *schedule) editMap(m *yjs.Map, path []any) op {
	key := fmt.Sprintf("k%d", s.r.IntN(4))
	switch s.r.IntN(5) {
	case 0:
		m.Delete(key)
		return op{Do: "remove", Path: path, Key: key}
	case 1:
		o := op{Do: "setType", Path: path, Key: key}
		switch s.r.IntN(3) {
		case 0:
			o.Type, o.Text = "text", pieces[s.r.IntN(len(pieces))]
			m.SetText(key, o.Text)
		case 1:
			o.Type = "array"
			m.SetArray(key)
		default:
			o.Type = "map"
			m.SetMap(key)
		}
		return o
	case 2:
		m.Set(key, yjs.Undefined)
		return op{Do: "set", Path: path, Key: key, Value: &value{Undefined: true}}
	}
	v, described := s.value()
	m.Set(key, v)
	return op{Do: "set", Path: path, Key: key, Value: &described}
}
