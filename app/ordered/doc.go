// Package ordered says in which order values stand in an index, and under which
// keys a row is in it.
//
// A tuple of values becomes bytes that compare, with bytes.Compare, as the
// values do: arrays before bools before numbers before bytes before strings;
// integers and floats by their value, so that 1 and 1.0 are the same key; arrays
// by their first difference. No encoding is the beginning of another one, so
// what begins with the encoding of a tuple are exactly the tuples that begin
// with it. Every store uses this order, and so all of them answer a range with
// the same rows in the same order.
//
// Functions are pure and may be called from any goroutine.
package ordered
