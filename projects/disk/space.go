package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Space is what a file system has.
type Space struct {
	Free, Size           int64 // bytes; free for ordinary users
	FreeFiles, SizeFiles int64 // inodes; 0 of 0: they are made as needed
}

// SpaceOf returns the space of the file system of a folder.
func SpaceOf(folder string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil {
		return Space{}, fmt.Errorf("ask for the free space: %w", err)
	}
	return Space{
		Free: int64(st.Bavail) * st.Bsize, Size: int64(st.Blocks) * st.Bsize,
		FreeFiles: int64(st.Ffree), SizeFiles: int64(st.Files),
	}, nil
}
