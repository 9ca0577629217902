package files

import "time"

const (
	// MaxEntries and maxListing (bytes of names) bound a listing: more is not read
	// by a person, and has to fit into one message of the tables.
	MaxEntries = 10_000
	maxListing = 1 << 20
	// MaxDocument is the greatest text that is edited together unless the caller
	// has another bound: beyond it neither an editor nor a person keeps up.
	MaxDocument = 10 << 20
	// maxName and maxPath are what Linux takes, in bytes.
	maxName = 255
	maxPath = 4096
	// maxLinks is how many symbolic links are followed, as the kernel does.
	maxLinks = 40
	// maxDepth bounds how deep Remove goes; each level holds a descriptor.
	maxDepth = 200

	// partAge is when an unfinished file that nobody here is writing is one that a
	// crash has left.
	partAge = 10 * time.Minute
	// quietTime is how long a save waits for a program that is still writing what
	// it has displaced; quietPause how often it looks.
	quietTime  = 500 * time.Millisecond
	quietPause = 5 * time.Millisecond
	// maxLefts is how many left-overs one answer has. They are few: one per crash.
	maxLefts = 16

	// maxWatched bounds the paths of one Watch, maxWatches how many run at once:
	// each is an inotify instance, of which a user has 128.
	maxWatched = 1000
	maxWatches = 32
	// settleTime gathers events of one burst, such as a program that writes a
	// file in pieces; a burst without end is told every settleMax.
	settleTime = 30 * time.Millisecond
	settleMax  = 300 * time.Millisecond
)
