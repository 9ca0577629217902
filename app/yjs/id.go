package yjs

// ID names one unit (a UTF-16 code unit, an element) for ever: the Clock-th
// that Client has made.
type ID struct {
	Client uint64
	Clock  uint64
}

// maxClock bounds the clock after a struct. The format ends at 2^53; browsers
// keep what waits in another encoding that doubles differences of clocks, and
// would corrupt it above 2^51.
const maxClock = 1 << 51
