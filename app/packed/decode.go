package packed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"lyceum/app"
	"lyceum/app/ordered"
)

// Bounds of what is kept of texts that were read; see Texts.
const (
	keptTexts   = 1024 // names of fields and accounts of what is read again and again
	maxKeptName = 64
	maxKeptText = 16 // a value that is one of some words: a role, a state
)

// Texts keeps short texts that were decoded lately: names of fields come with
// every row, and to share them is half of the memory and time of a row. It
// belongs to one goroutine at a time.
type Texts [keptTexts]string

// text returns b as a string.
func (t *Texts) text(b []byte, most int) string {
	if t == nil || len(b) > most || len(b) == 0 {
		return string(b)
	}
	h := uint32(2166136261) // FNV-1a
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	slot := &t[(h^h>>16)%keptTexts]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}

// The major types of CBOR.
const (
	majorUint = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// The simple values that a row holds.
const (
	simpleFalse = 20
	simpleTrue  = 21
	float16     = 25
	float32s    = 26
	float64s    = 27
)

// ErrDamaged says that bytes are not those of a row.
var ErrDamaged = errors.New("the row is damaged")

var errEncoding = errors.New("this is not how rows are written")

// Decode is the reverse of Encode: it takes exactly what Encode writes, the names
// of a map in their order and each once, and nothing else, so that damage is
// found. It is written out because a general decoder takes twice as long
// and a read is mostly this. Bytes of the row are parts of b, which is given away.
// With only, other fields of the row are left out.
func Decode(b []byte, kept *Texts, only []string) (app.Row, error) {
	d := &decoding{rest: b, texts: kept}
	row, err := d.row(only)
	if err == nil && len(d.rest) > 0 {
		err = errEncoding
	}
	if err != nil {
		return nil, fmt.Errorf("%w: decode: %w", ErrDamaged, err)
	}
	return row, nil
}

type decoding struct {
	rest  []byte
	texts *Texts
}

// head reads the type and the number of what comes next.
func (d *decoding) head() (major byte, info byte, n uint64, err error) {
	if len(d.rest) == 0 {
		return 0, 0, 0, errEncoding
	}
	major, info = d.rest[0]>>5, d.rest[0]&31
	d.rest = d.rest[1:]
	if info < 24 {
		return major, info, uint64(info), nil
	}
	size := 1 << (info - 24)
	if info > 27 || len(d.rest) < size {
		return 0, 0, 0, errEncoding
	}
	switch size {
	case 1:
		n = uint64(d.rest[0])
	case 2:
		n = uint64(binary.BigEndian.Uint16(d.rest))
	case 4:
		n = uint64(binary.BigEndian.Uint32(d.rest))
	case 8:
		n = binary.BigEndian.Uint64(d.rest)
	}
	d.rest = d.rest[size:]
	if major != majorSimple && n>>(4*size) == 0 && (size > 1 || n < 24) {
		return 0, 0, 0, errEncoding // a shorter form has the same number
	}
	return major, info, n, nil
}

// take returns the next n bytes.
func (d *decoding) take(n uint64) ([]byte, error) {
	if n > uint64(len(d.rest)) {
		return nil, errEncoding
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b, nil
}

func (d *decoding) value(depth int) (any, error) {
	if depth > ordered.MaxDepth {
		return nil, errEncoding
	}
	major, info, n, err := d.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case majorUint, majorNegative:
		if n > math.MaxInt64 {
			return nil, errEncoding
		}
		if major == majorNegative {
			return -1 - int64(n), nil
		}
		return int64(n), nil
	case majorBytes:
		return first(d.take(n))
	case majorText:
		b, err := d.take(n)
		if err != nil || !utf8.Valid(b) {
			return nil, errEncoding
		}
		return d.texts.text(b, maxKeptText), nil
	case majorArray:
		return d.list(n, depth)
	case majorMap:
		return d.object(n, depth, nil)
	case majorSimple:
		return simple(info, n)
	}
	return nil, errEncoding
}

// first makes an any of bytes only if there is no error.
func first(b []byte, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return b, nil
}

func simple(info byte, n uint64) (any, error) {
	switch info {
	case simpleFalse:
		return false, nil
	case simpleTrue:
		return true, nil
	case float16:
		return finite(half(uint16(n)))
	case float32s:
		return finite(float64(math.Float32frombits(uint32(n))))
	case float64s:
		return finite(math.Float64frombits(n))
	}
	return nil, errEncoding
}

func finite(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errEncoding
	}
	return f, nil
}

// half returns the value of 16 bits as IEEE 754 has it.
func half(bits uint16) float64 {
	exponent, fraction := int(bits>>10)&31, float64(bits&1023)
	v := math.Ldexp(fraction, -24)
	switch exponent {
	case 0:
	case 31:
		return math.Inf(1) // or no number
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits>>15 == 1 {
		return -v
	}
	return v
}

func (d *decoding) list(n uint64, depth int) (any, error) {
	if n > uint64(len(d.rest)) { // an element has a byte at least
		return nil, errEncoding
	}
	list := make([]any, n)
	for i := range list {
		var err error
		if list[i], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// row decodes the whole.
func (d *decoding) row(only []string) (app.Row, error) {
	major, _, n, err := d.head()
	if err != nil || major != majorMap {
		return nil, errEncoding
	}
	return d.object(n, 0, only)
}

// object decodes n names with their values.
func (d *decoding) object(n uint64, depth int, only []string) (app.Row, error) {
	if n > uint64(len(d.rest))/2 {
		return nil, errEncoding
	}
	size := int(n)
	if only != nil {
		size = min(size, len(only))
	}
	row := make(app.Row, size)
	var before []byte
	for range n {
		start := d.rest
		major, _, length, err := d.head()
		if err != nil || major != majorText {
			return nil, errEncoding
		}
		b, err := d.take(length)
		if err != nil || !utf8.Valid(b) {
			return nil, errEncoding
		}
		encoded := start[:len(start)-len(d.rest)]
		if before != nil && bytes.Compare(before, encoded) >= 0 {
			return nil, errEncoding
		}
		before = encoded
		if only != nil && !among(only, b) {
			if err := d.skip(depth + 1); err != nil {
				return nil, err
			}
			continue
		}
		if row[d.texts.text(b, maxKeptName)], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return row, nil
}

func among(names []string, b []byte) bool {
	for _, name := range names {
		if name == string(b) {
			return true
		}
	}
	return false
}

// skip leaves out a value without looking into its texts.
func (d *decoding) skip(depth int) error {
	major, _, n, err := d.head()
	if err != nil || depth > ordered.MaxDepth {
		return errEncoding
	}
	switch major {
	case majorBytes, majorText:
		_, err = d.take(n)
		return err
	case majorMap:
		n *= 2
		fallthrough
	case majorArray:
		if n > uint64(len(d.rest)) {
			return errEncoding
		}
		for range n {
			if err := d.skip(depth + 1); err != nil {
				return err
			}
		}
	case majorTag:
		return errEncoding
	}
	return nil
}
