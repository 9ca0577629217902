package packed

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"lyceum/app"
)

// maxRow is the size in bytes of one encoded row: above every bound of the
// schema, far below SQLite's own of 10^9, where an error would come in the middle
// of a commit.
const maxRow = 64 << 20

// Rows are CBOR in deterministic form: bytes stay bytes, integers int64, and
// the same row is always the same bytes.
var encoder = must(cbor.EncOptions{
	Sort:          cbor.SortCoreDeterministic,
	ShortestFloat: cbor.ShortestFloat16,
	NilContainers: cbor.NilContainerAsEmpty,
	IndefLength:   cbor.IndefLengthForbidden,
	TagsMd:        cbor.TagsForbidden,
}.EncMode())

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}

// Encode returns the bytes of a row. A row of more than 64 MiB is an error.
func Encode(row app.Row) ([]byte, error) {
	b, err := encoder.Marshal(row)
	if err == nil && len(b) > maxRow {
		err = fmt.Errorf("the row has %d bytes, the most are %d", len(b), maxRow)
	}
	return b, err
}
