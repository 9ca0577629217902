package yjs

// SyncKind is what a message of the sync protocol of y-protocols carries.
type SyncKind uint8

// The messages. SyncStep1 carries a state vector and asks for what it lacks;
// SyncStep2 answers with an update; SyncUpdate carries an edit.
const (
	SyncStep1  SyncKind = 0
	SyncStep2  SyncKind = 1
	SyncUpdate SyncKind = 2
)

// SyncMessage is a message of the sync protocol.
type SyncMessage struct {
	Kind    SyncKind
	Payload []byte
}

// Encode returns the message in wire form.
func (m SyncMessage) Encode() []byte {
	e := encoder{buf: make([]byte, 0, len(m.Payload)+8)}
	e.uint(uint64(m.Kind))
	e.bytes(m.Payload)
	return e.buf
}

// DecodeSync reads one message. Its payload is a part of data and not checked.
func DecodeSync(data []byte) (SyncMessage, error) {
	d := decoder{data: data}
	n := d.uint()
	if n > uint64(SyncUpdate) {
		d.fail("unknown sync message %d", n)
	}
	m := SyncMessage{SyncKind(n), d.bytes()}
	if err := d.finish(); err != nil {
		return SyncMessage{}, err
	}
	return m, nil
}
