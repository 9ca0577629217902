package sqlitestore

import (
	"fmt"
	"math"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"lyceum/app"
	"lyceum/app/ordered"
)

// maxRow is the size in bytes of one encoded row: above every bound of the
// schema, far below SQLite's own of 10^9, where an error would come in the middle
// of a commit.
const maxRow = 64 << 20

// Rows are CBOR in deterministic form: bytes stay bytes, integers int64, and
// the same row is always the same bytes.
var (
	encoder = must(cbor.EncOptions{
		Sort:          cbor.SortCoreDeterministic,
		ShortestFloat: cbor.ShortestFloat16,
		NilContainers: cbor.NilContainerAsEmpty,
		IndefLength:   cbor.IndefLengthForbidden,
		TagsMd:        cbor.TagsForbidden,
	}.EncMode())
	decoder = must(cbor.DecOptions{
		DefaultMapType:   reflect.TypeFor[map[string]any](),
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IntDec:           cbor.IntDecConvertSignedOrFail,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  ordered.MaxDepth + 4,
		MaxArrayElements: math.MaxInt32,
		MaxMapPairs:      math.MaxInt32, // what was written must be readable
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}

func encode(row app.Row) ([]byte, error) {
	b, err := encoder.Marshal(row)
	if err == nil && len(b) > maxRow {
		err = fmt.Errorf("the row has %d bytes, the most are %d", len(b), maxRow)
	}
	return b, err
}

func decode(b []byte) (app.Row, error) {
	var row app.Row
	if err := decoder.Unmarshal(b, &row); err != nil {
		return nil, fmt.Errorf("%w: decode: %w", errDamaged, err)
	}
	return row, nil
}
