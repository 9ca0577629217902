package yjs

// kind says what a struct holds. The numbers are those on the wire.
type kind uint8

const (
	kindGC      kind = 0 // nothing: its place and neighbours are forgotten too
	kindDeleted kind = 1 // nothing, but its place is known
	kindJSON    kind = 2
	kindBinary  kind = 3
	kindString  kind = 4
	kindEmbed   kind = 5
	kindFormat  kind = 6
	kindType    kind = 7
	kindAny     kind = 8
	kindDoc     kind = 9
	kindSkip    kind = 10 // a gap in an update; never in a document
)

// countable says whether units of this kind have an index in their list.
func (k kind) countable() bool { return k != kindDeleted && k != kindFormat && k != kindGC }

// joinable says whether two neighbours of this kind may become one struct.
func (k kind) joinable() bool {
	return k == kindString || k == kindAny || k == kindJSON || k == kindDeleted
}

// The types that may be nested, with their numbers on the wire.
const (
	typeArray       = 0
	typeMap         = 1
	typeText        = 2
	typeXMLElement  = 3
	typeXMLFragment = 4
	typeXMLHook     = 5
	typeXMLText     = 6
)

// typeHasName says whether a name follows the number of the type.
func typeHasName(ref uint8) bool { return ref == typeXMLElement || ref == typeXMLHook }
