package disk

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNoQuota says that the kernel keeps no quotas of users in a folder.
var ErrNoQuota = errors.New("no user quotas")

// Quota sets and reads the quotas of user ids on the file system of a folder.
type Quota struct {
	folder *os.File
	device string // "": the kernel takes the folder itself
}

// The calls of quotactl(2), which x/sys does not have.
const (
	getQuota    = 0x800007
	setQuota    = 0x800008
	getState    = 'X'<<8 + 8 // Q_XGETQSTATV: which quotas are kept
	userQuota   = 0
	stateCount  = 1 << 0 // user quotas are counted
	stateRefuse = 1 << 1 // and enforced
)

// quotaBlock is the unit of a limit in bytes.
const quotaBlock = 1 << 10

// quotaRecord is struct if_dqblk.
type quotaRecord struct {
	hardBlocks, softBlocks, bytes uint64
	hardFiles, softFiles, files   uint64
	bytesGrace, filesGrace        uint64
	valid                         uint32
	_                             uint32
}

const validLimits = 1<<0 | 1<<2 // of blocks and of inodes

// quotaState is struct fs_quota_statv, of which only this is read.
type quotaState struct {
	version uint8
	_       uint8
	flags   uint16
	_       [252]byte // more than any version has
}

// OpenQuota returns the quotas of the file system of a folder. It is ErrNoQuota
// where the kernel does not enforce any, and says why.
func OpenQuota(folder string) (*Quota, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	q := &Quota{folder: f}
	if err := q.probe(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return q, nil
}

// Close releases the folder.
func (q *Quota) Close() error { return q.folder.Close() }

func (q *Quota) probe() error {
	state := quotaState{version: 1}
	err := q.call(getState, 0, unsafe.Pointer(&state))
	if errors.Is(err, unix.ENOSYS) { // a kernel before 5.14: by the device
		if q.device, err = deviceOf(q.folder); err == nil {
			err = q.call(getState, 0, unsafe.Pointer(&state))
		}
	}
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w: the server may not set them", ErrNoQuota)
	case err != nil:
		return fmt.Errorf("%w: the file system of the data directory keeps none (%w)", ErrNoQuota, err)
	case state.flags&stateRefuse == 0:
		return fmt.Errorf("%w: the file system of the data directory is mounted without usrquota", ErrNoQuota)
	}
	return nil
}

// Set bounds what files of a user id may take; a zero bound takes it away. What
// is there already stays, also if it is more.
func (q *Quota) Set(uid int, b Bound) error {
	r := quotaRecord{valid: validLimits}
	if b.Bytes > 0 {
		r.hardBlocks = uint64(max(1, b.Bytes/quotaBlock))
	}
	if b.Files > 0 {
		r.hardFiles = uint64(b.Files)
	}
	if err := q.call(setQuota, uid, unsafe.Pointer(&r)); err != nil {
		return fmt.Errorf("set the quota of user id %d: %w", uid, err)
	}
	return nil
}

// Usage returns what files of a user id take.
func (q *Quota) Usage(uid int) (Used, error) {
	var r quotaRecord
	err := q.call(getQuota, uid, unsafe.Pointer(&r))
	if errors.Is(err, unix.ENOENT) {
		return Used{}, nil // it has never had a file
	}
	if err != nil {
		return Used{}, fmt.Errorf("read the quota of user id %d: %w", uid, err)
	}
	return Used{Bytes: int64(r.bytes), Files: int64(r.files)}, nil
}

func (q *Quota) call(what, uid int, record unsafe.Pointer) error {
	command := uintptr(what<<8 | userQuota)
	var errno unix.Errno
	if q.device == "" {
		_, _, errno = unix.Syscall6(unix.SYS_QUOTACTL_FD, q.folder.Fd(), command, uintptr(uid), uintptr(record), 0, 0)
	} else {
		device, err := unix.BytePtrFromString(q.device)
		if err != nil {
			return err
		}
		_, _, errno = unix.Syscall6(unix.SYS_QUOTACTL, command, uintptr(unsafe.Pointer(device)), uintptr(uid), uintptr(record), 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// deviceOf returns the device that is mounted where a folder lies.
func deviceOf(folder *os.File) (string, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(folder.Fd()), &st); err != nil {
		return "", err
	}
	number := fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer mounts.Close()
	lines := bufio.NewScanner(mounts)
	for lines.Scan() {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		head, tail := strings.Fields(before), strings.Fields(after)
		const numberField, sourceField = 2, 1
		if len(head) > numberField && len(tail) > sourceField && head[numberField] == number && strings.HasPrefix(tail[sourceField], "/") {
			return tail[sourceField], nil
		}
	}
	return "", errors.Join(lines.Err(), fmt.Errorf("no device is mounted at %s", folder.Name()))
}
