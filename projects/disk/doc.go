// Package disk measures what the files of a project take and bounds it where the
// kernel does that.
//
// Quota is an ordinary quota of a user id, set by a system call: with a user id
// of its own a project cannot get around it, whatever it does with links, holes,
// names without a file or ids of quota projects. Measure looks at folders
// instead, where there are no quotas. It reads what a hostile project may be
// changing at that moment: it never follows a link, never leaves the mount, holds
// a bounded number of descriptors and says when it could not see all.
package disk

// Used is what files take.
type Used struct {
	Bytes int64 // on disk: holes take none
	Files int64 // files, folders and all else that has an inode
	// More says that the bound of a Measure was passed, and the rest not counted;
	// Deep that folders lie deeper than is looked.
	More, Deep bool
}

// Bound is what they may take; what is zero is not bounded.
type Bound struct{ Bytes, Files int64 }

const (
	// bytesPerFile is how many bytes of a bound allow one file: what mkfs.ext4
	// reckons with, so that who may have the n-th part of a disk may have the n-th
	// part of its inodes too.
	bytesPerFile = 16 << 10
	// leastFiles is for a small bound: a project with a repository and a cache of
	// Python has some thousands.
	leastFiles = 10_000
)

// BoundOf returns the bound of a project that may have so many bytes.
func BoundOf(bytes int64) Bound {
	if bytes <= 0 {
		return Bound{}
	}
	return Bound{Bytes: bytes, Files: max(leastFiles, bytes/bytesPerFile)}
}

// Times returns n times the bound.
func (b Bound) Times(n int64) Bound { return Bound{n * b.Bytes, n * b.Files} }

// Within reports whether u is within the bound.
func (u Used) Within(b Bound) bool {
	return (b.Bytes == 0 || u.Bytes <= b.Bytes) && (b.Files == 0 || u.Files <= b.Files)
}
