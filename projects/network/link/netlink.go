package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// message is a request to the kernel's routing, put together in its format:
// a header, the fixed part of its kind, attributes.
type message struct{ data []byte }

func newMessage(kind, flags uint16, fixed []byte) *message {
	m := &message{data: make([]byte, unix.SizeofNlMsghdr, 128)}
	binary.NativeEndian.PutUint16(m.data[4:], kind)
	binary.NativeEndian.PutUint16(m.data[6:], flags|unix.NLM_F_REQUEST)
	m.data = append(m.data, fixed...)
	return m
}

// add appends an attribute, padded to four bytes.
func (m *message) add(kind uint16, value []byte) {
	m.data = binary.NativeEndian.AppendUint16(m.data, uint16(unix.SizeofRtAttr+len(value)))
	m.data = binary.NativeEndian.AppendUint16(m.data, kind)
	m.data = append(m.data, value...)
	for len(m.data)%4 != 0 {
		m.data = append(m.data, 0)
	}
}

// answerTime bounds the wait for the kernel, which answers from memory.
var answerTime = unix.Timeval{Sec: 2}

// maxAnswer is above any answer about one route, also with many next hops.
const maxAnswer = 32 << 10

// talk sends a request and returns the first message of the answer: its kind
// and what follows its header. An error of the kernel is an Errno.
func (m *message) talk() (kind uint16, body []byte, err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return 0, nil, fmt.Errorf("open netlink: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &answerTime); err != nil {
		return 0, nil, err
	}
	binary.NativeEndian.PutUint32(m.data, uint32(len(m.data)))
	if err := unix.Sendto(fd, m.data, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, nil, fmt.Errorf("ask netlink: %w", err)
	}
	answer := make([]byte, maxAnswer)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("read netlink: %w", err)
	}
	if n < unix.SizeofNlMsghdr {
		return 0, nil, errShort
	}
	length := int(binary.NativeEndian.Uint32(answer))
	if length < unix.SizeofNlMsghdr || length > n {
		return 0, nil, errShort
	}
	kind, body = binary.NativeEndian.Uint16(answer[4:]), answer[unix.SizeofNlMsghdr:length]
	if kind != unix.NLMSG_ERROR {
		return kind, body, nil
	}
	if len(body) < 4 {
		return 0, nil, errShort
	}
	if code := int32(binary.NativeEndian.Uint32(body)); code != 0 {
		return 0, nil, unix.Errno(-code)
	}
	return kind, body, nil
}

var errShort = errors.New("netlink answered in part")

// attributes calls fn for each attribute of an answer.
func attributes(data []byte, fn func(kind uint16, value []byte)) {
	for len(data) >= unix.SizeofRtAttr {
		length := int(binary.NativeEndian.Uint16(data))
		if length < unix.SizeofRtAttr || length > len(data) {
			return
		}
		fn(binary.NativeEndian.Uint16(data[2:]), data[unix.SizeofRtAttr:length])
		data = data[min((length+3)&^3, len(data)):]
	}
}

// bytesOf returns the memory of a struct of the kernel's.
func bytesOf[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}
