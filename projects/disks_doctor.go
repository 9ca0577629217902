package projects

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lyceum/projects/disk"
	"lyceum/projects/files"
	"lyceum/projects/sandbox"
)

// CheckDisk says how what projects take on disk is bounded, for doctor. ownUID
// says whether each project has a user id of its own.
func CheckDisk(data string, ownUID bool, limits sandbox.Limits) sandbox.Finding {
	bound := disk.BoundOf(limits.DiskBytes)
	may := fmt.Sprintf("%s and %d files", files.HumanSize(bound.Bytes), bound.Files)
	why, hidden := "projects have no user ids of their own", "What lies in folders that a project closes even to itself is not seen. "
	if ownUID {
		quota, err := disk.OpenQuota(existing(data))
		if err == nil {
			_ = quota.Close() // only read
			return sandbox.Finding{Level: sandbox.OK, About: "disk", Text: fmt.Sprintf(
				"Each project may have %s on disk; the file system refuses more, by user quotas.", may)}
		}
		why, hidden = err.Error(), ""
	}
	return sandbox.Finding{Level: sandbox.Limited, About: "disk", Text: fmt.Sprintf(
		"Each project may have %s on disk, which the file system does not enforce (%s): the server looks every %v or less often. "+
			"Over its bound a project gets no uploads and saves, its programs can go on; at %d times of it, or with less than %s left on the disk, it is stopped. %s"+
			"For bounds that hold, serve as root with the data directory on ext4 with the feature quota (tune2fs -O quota) mounted with usrquota, or on XFS mounted with uquota.",
		may, why, leastPause, stopAt, files.HumanSize(reserveBytes), hidden)}
}

// existing returns the folder, or the one above it that is there: the first start
// makes the data directory.
func existing(folder string) string {
	for {
		_, err := os.Stat(folder)
		up := filepath.Dir(folder)
		if !errors.Is(err, os.ErrNotExist) || up == folder {
			return folder
		}
		folder = up
	}
}
