package ordered_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"lyceum/app"
	"lyceum/app/ordered"
)

// kind is the place of a value's type in the order of types.
func kind(v any) int {
	switch v.(type) {
	case []any:
		return 0
	case bool:
		return 1
	case int64, float64:
		return 2
	case []byte:
		return 3
	}
	return 4
}

// number is exact, unlike a float64.
func number(v any) *big.Float {
	if i, ok := v.(int64); ok {
		return new(big.Float).SetInt64(i)
	}
	return new(big.Float).SetFloat64(v.(float64))
}

// compare is the order by definition, without any encoding.
func compare(a, b any) int {
	if c := cmp.Compare(kind(a), kind(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case []any:
		return slices.CompareFunc(a, b.([]any), compare)
	case bool:
		if a == b.(bool) {
			return 0
		} else if a {
			return 1
		}
		return -1
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case string:
		return cmp.Compare(a, b.(string))
	}
	return number(a).Cmp(number(b))
}

// random returns a value with a bias towards where mistakes live.
func random(r *rand.Rand, depth int) any {
	switch n := r.IntN(12); {
	case n == 0 && depth < 3:
		list := []any{}
		for range r.IntN(3) {
			list = append(list, random(r, depth+1))
		}
		return list
	case n == 1:
		return r.IntN(2) == 0
	case n < 4:
		edges := []int64{0, 1 << 53, -1 << 53, math.MaxInt64 - 1024, math.MinInt64 + 1024, 1 << 62}
		return edges[r.IntN(len(edges))] + int64(r.IntN(2049)-1024)
	case n < 6:
		return math.Float64frombits(r.Uint64() &^ (1 << 62)) // never NaN nor infinite
	case n < 7:
		return float64(r.IntN(3)-1) * math.Ldexp(1, r.IntN(64))
	}
	letters := []byte{0, 1, 2, 'a', 0xFE, 0xFF}
	text := []byte{}
	for range r.IntN(4) {
		text = append(text, letters[r.IntN(len(letters))])
	}
	if r.IntN(2) == 0 {
		return text
	}
	return string(text)
}

// The whole promise of the package: bytes compare as tuples do, equal only where
// they are equal, and no tuple of the same length begins with another.
func TestBytesCompareAsValuesDo(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 2))
		for range 20000 {
			a := []any{random(r, 0), random(r, 0)}
			b := []any{random(r, 0), random(r, 0)}
			if r.IntN(2) == 0 {
				b[0] = a[0]
			}
			ka, kb := tuple(t, a...), tuple(t, b...)
			if got, want := bytes.Compare(ka, kb), compare(a, b); got != want {
				t.Fatalf("seed %d: %#v and %#v compare %d, want %d\n%x\n%x", seed, a, b, got, want, ka, kb)
			}
			if compare(a, b) != 0 && bytes.HasPrefix(ka, kb) {
				t.Fatalf("seed %d: %#v begins with %#v", seed, a, b)
			}
		}
	}
}

func tuple(t *testing.T, values ...any) []byte {
	t.Helper()
	key, err := ordered.Tuple(values...)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A range that begins at a value has those that begin with it, and a range that
// begins above it has not; for every value, whatever bytes it ends with.
func TestSpanIsExactlyWhatABoundSays(t *testing.T) {
	ix, err := ordered.Compile(app.Index{Name: "i", Fields: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 3))
	for range 20000 {
		a, b, bound := random(r, 0), random(r, 0), random(r, 0)
		if r.IntN(3) == 0 {
			bound = b
		}
		key := tuple(t, a, b)
		for _, test := range []struct {
			r    app.Range
			want bool
		}{
			{app.Range{}, true},
			{app.Range{Prefix: []any{a}}, true},
			{app.Range{Prefix: []any{bound}}, compare(a, bound) == 0},
			{app.Range{Prefix: []any{a, bound}}, compare(b, bound) == 0},
			{app.Range{Prefix: []any{a}, From: &app.Bound{Value: bound}}, compare(b, bound) >= 0},
			{app.Range{Prefix: []any{a}, From: &app.Bound{Value: bound, Open: true}}, compare(b, bound) > 0},
			{app.Range{Prefix: []any{a}, To: &app.Bound{Value: bound}}, compare(b, bound) <= 0},
			{app.Range{Prefix: []any{a}, To: &app.Bound{Value: bound, Open: true}}, compare(b, bound) < 0},
			{app.Range{From: &app.Bound{Value: bound}}, compare(a, bound) >= 0},
			{app.Range{To: &app.Bound{Value: bound}}, compare(a, bound) <= 0},
		} {
			span, err := ix.Span(test.r)
			if err != nil {
				t.Fatal(err)
			}
			if span.Contains(key) != test.want {
				t.Fatalf("%#v in %+v (bound %#v): %v, want %v", []any{a, b}, test.r, bound, !test.want, test.want)
			}
		}
	}
}

// What has no place in the order must not get one by accident.
func TestValuesWithoutOrderAreRefused(t *testing.T) {
	for _, v := range []any{nil, math.NaN(), app.Row{}, []any{nil}, struct{}{}, uint(1), []string{"a"}} {
		if key, err := ordered.Tuple(v); err == nil {
			t.Errorf("%#v became %x", v, key)
		}
	}
}

// Keys are on disk. If this fails, raise ordered.Version, so that the indexes of
// every database are filled anew.
func TestEncodingIsThatOfItsVersion(t *testing.T) {
	const want = "1:1000" + "20" + "21" + "308000000000000000" + "30bff0000000000000" +
		"30c3400000000000008001" + "4000ff01ff0001" + "50610001"
	got := fmt.Sprintf("%d:%x", ordered.Version, tuple(t, []any{}, false, true, int64(0), int64(1),
		int64(1<<53)+1, []byte{0, 1, 0xFF}, "a"))
	if got != want {
		t.Errorf("the encoding is %s, want %s", got, want)
	}
}

// A cursor comes back from outside; a damaged one must not become another place.
func TestCursorComesBackAsItWas(t *testing.T) {
	for _, p := range []ordered.Place{{}, {ID: "a"}, {Key: []byte{0, 0xFF}, ID: "a\x00b"}, {Key: make([]byte, 300)}} {
		got, err := ordered.ParseCursor(p.Cursor())
		if err != nil || got.Compare(p) != 0 {
			t.Errorf("%v came back as %v, %v", p, got, err)
		}
	}
	for _, b := range [][]byte{{}, {1}, {0x80}, {5, 'a'}} {
		if p, err := ordered.ParseCursor(b); err == nil {
			t.Errorf("%x became %v", b, p)
		}
	}
}

// Most writes change no index. Where that is taken for granted it must be so.
func TestSameRowsHaveTheSameKeys(t *testing.T) {
	ix, err := ordered.Compile(app.Index{Name: "i", Fields: []string{"users.*", "state.name"}})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 4))
	row := func() app.Row {
		users := app.Row{}
		for range r.IntN(3) {
			users[fmt.Sprint(r.IntN(3))] = r.IntN(2) == 0
		}
		names := []any{int64(1), 1.0, "a", "1", true, nil, app.Row{}, []any{}}
		row := app.Row{"users": users, "other": r.IntN(9), "state": app.Row{"name": names[r.IntN(len(names))]}}
		if r.IntN(8) == 0 {
			row["users"] = "all"
		}
		if r.IntN(8) == 0 {
			delete(row, []string{"users", "state"}[r.IntN(2)])
		}
		return row
	}
	found := 0
	for range 5000 {
		a, b := row(), row()
		if !ix.Same(a, b) {
			continue
		}
		found++
		if !slices.EqualFunc(ix.Keys(a), ix.Keys(b), bytes.Equal) {
			t.Fatalf("%v and %v have the keys %x and %x", a, b, ix.Keys(a), ix.Keys(b))
		}
	}
	if found < 20 {
		t.Errorf("only %d pairs were the same", found)
	}
	if ix.Same(nil, app.Row{}) || ix.Same(app.Row{}, nil) {
		t.Error("no row has the keys of one")
	}
}

// An index is computed for every write; it must not change the row, nor depend
// on the order in which Go walks a map.
func TestKeysAreSortedAndEachOnce(t *testing.T) {
	ix, err := ordered.Compile(app.Index{Name: "i", Fields: []string{"users.*", "state.name"}})
	if err != nil {
		t.Fatal(err)
	}
	row := app.Row{"users": app.Row{"b": true, "a": int64(1), "c.d": app.Row{}}, "state": app.Row{"name": "on"}}
	want := [][]byte{tuple(t, "a", "on"), tuple(t, "b", "on"), tuple(t, "c.d", "on")}
	for range 20 {
		if got := ix.Keys(row); !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("keys %x, want %x", got, want)
		}
	}
	for _, row := range []app.Row{nil, {}, {"users": app.Row{}, "state": app.Row{"name": "on"}}, {"users": "a"},
		{"users": app.Row{"a": true}, "state": app.Row{"name": app.Row{}}}} {
		if got := ix.Keys(row); len(got) != 0 {
			t.Errorf("%v has the keys %x", row, got)
		}
	}
}
