package wire

import (
	"encoding/binary"
	"errors"
)

// NumberBytes is how many bytes of a frame of lyceum.cbor are its number.
const NumberBytes = 4

// ErrLost says that a message has not come, or has come twice.
var ErrLost = errors.New("a message was lost on the way")

// Numbers count the messages of one direction of a connection: 1, 2, 3 … Each
// frame of lyceum.cbor begins with its number, so that a proxy that loses
// messages is found out by a gap. The zero value is ready.
type Numbers uint32

// Next returns the bytes that stand before the next message.
func (n *Numbers) Next() []byte {
	*n++
	return binary.BigEndian.AppendUint32(nil, uint32(*n))
}

// Frame puts its number before the next message.
func (n *Numbers) Frame(message []byte) []byte { return append(n.Next(), message...) }

// Take returns the message in a frame if it is the next one, else ErrLost.
func (n *Numbers) Take(frame []byte) ([]byte, error) {
	if len(frame) < NumberBytes || binary.BigEndian.Uint32(frame) != uint32(*n)+1 {
		return nil, ErrLost
	}
	*n++
	return frame[NumberBytes:], nil
}
