package wire

import (
	"errors"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"lyceum/app"
)

// The modes are made of constants: an error in them is one of ours, and shows in
// every test.
var (
	cborWriter = must(cbor.EncOptions{Sort: cbor.SortBytewiseLexical, Time: cbor.TimeUnix}.EncMode())
	cborReader = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  MaxDepth,
		MaxArrayElements: MaxItems,
		MaxMapPairs:      MaxItems,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		IntDec:           cbor.IntDecConvertSignedOrFail,
		UTF8:             cbor.UTF8RejectInvalid,
		NaN:              cbor.NaNDecodeForbidden,
		Inf:              cbor.InfDecodeForbidden,
		DefaultMapType:   reflect.TypeFor[app.Row](),
		SimpleValues:     must(cbor.NewSimpleValueRegistryFromDefaults(cbor.WithRejectedSimpleValue(undefined))),
	}.DecMode())
)

// undefined is CBOR's number for what JavaScript has too. A field that is
// undefined is a mistake of the client: taken as null it would turn a set into
// a get.
const undefined = 23

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // constant options: see above
	}
	return v
}

func encodeCBOR(v any) ([]byte, error) { return cborWriter.Marshal(v) }

func decodeCBOR(data []byte) (any, error) {
	var v any
	err := cborReader.Unmarshal(data, &v)
	if err == nil {
		return v, nil
	}
	if _, ok := errors.AsType[*cbor.MaxNestedLevelError](err); ok {
		return nil, tooDeep()
	}
	_, elements := errors.AsType[*cbor.MaxArrayElementsError](err)
	_, pairs := errors.AsType[*cbor.MaxMapPairsError](err)
	if elements || pairs {
		return nil, tooMany()
	}
	return nil, app.Explain(err, app.Invalid, "This message is not the CBOR that the server reads: definite lengths, text in UTF-8, no tags, no undefined, finite numbers, each key once.")
}

func tooDeep() error {
	return app.Errorf(app.TooLarge, "A message may nest at most %d levels.", MaxDepth)
}

func tooMany() error {
	return app.Errorf(app.TooLarge, "A list or an object of a message may have at most %d entries.", MaxItems)
}
