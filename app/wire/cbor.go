package wire

import (
	"errors"
	"reflect"
	"strconv"

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
		SimpleValues:     must(cbor.NewSimpleValueRegistryFromDefaults(unknownSimple()...)),
	}.DecMode())
)

// undefined is CBOR's number for what JavaScript has too. A field that is
// undefined is a mistake of the client: taken as null it would turn a set into
// a get.
const undefined = 23

// unknownSimple rejects every simple value but false, true and null.
func unknownSimple() (all []func(*cbor.SimpleValueRegistry) error) {
	for n := range 256 {
		if n < 20 || n == undefined || n > 31 { // 24 to 31 cannot be written
			all = append(all, cbor.WithRejectedSimpleValue(cbor.SimpleValue(n)))
		}
	}
	return all
}

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
		return sameAsJSON(v)
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

// sameAsJSON returns a value as it is read of JSON, so that it does not matter in
// which form a message has come: whole floats as integers, and nothing that JSON
// cannot say. Lists and maps are changed in place.
func sameAsJSON(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case float64:
		return whole(v, strconv.FormatFloat(v, 'g', -1, 64))
	case []any:
		for i, e := range v {
			if v[i], err = sameAsJSON(e); err != nil {
				return nil, err
			}
		}
	case app.Row:
		if _, text := v[bytesKey].(string); text && len(v) == 1 {
			return nil, app.Errorf(app.Invalid, "An object with %s alone stands for bytes in JSON; in CBOR bytes are bytes.", bytesKey)
		}
		for k, e := range v {
			if v[k], err = sameAsJSON(e); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func tooDeep() error {
	return app.Errorf(app.TooLarge, "A message may nest at most %d levels.", MaxDepth)
}

func tooMany() error {
	return app.Errorf(app.TooLarge, "A list or an object of a message may have at most %d entries.", MaxItems)
}
