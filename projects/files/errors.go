package files

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// explain gives an error of the kernel a sentence about path. One that has a
// sentence keeps it.
func explain(err error, shown string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	what := quote(shown)
	if shown == "" {
		what = "The home of the project"
	}
	errno, ok := errors.AsType[unix.Errno](err)
	if !ok {
		// os.Root has no name for it: it is the only error that is not the kernel's.
		return app.Explain(err, app.Denied, "%s leads out of the project. Only files of the project can be reached here.", what)
	}
	kind, sentence := app.Internal, what+" could not be used: "+errno.Error()+"."
	switch errno {
	case unix.ENOENT:
		kind, sentence = app.NotFound, what+" does not exist (any more)."
	case unix.EEXIST, unix.ENOTEMPTY:
		kind, sentence = app.Conflict, what+" exists already. Please choose another name, or remove it first."
	case unix.EACCES, unix.EPERM:
		kind, sentence = app.Denied, what+" may not be used: its permissions forbid it. Change them in a terminal (chmod)."
	case unix.EROFS:
		kind, sentence = app.Denied, what+" is in a read-only place."
	case unix.EDQUOT:
		kind, sentence = app.Unavailable, "This project has used up the space on disk, or the number of files, that it may have. Please delete something and try again, or ask the administrator; nothing was changed."
	case unix.ENOSPC:
		kind, sentence = app.Unavailable, "The disk of the server is full, or takes no more files. Please tell the administrator and try again later; nothing was changed."
	case unix.EFBIG:
		kind, sentence = app.TooLarge, what+" would be larger than the project may have."
	case unix.ENOTDIR:
		kind, sentence = app.Invalid, "A part of "+what+" is not a folder."
	case unix.EISDIR:
		kind, sentence = app.Invalid, what+" is a folder."
	case unix.EINVAL:
		kind, sentence = app.Invalid, what+" cannot be used so: a folder cannot be moved into itself, and some disks do not take every name."
	case unix.EXDEV:
		kind, sentence = app.Invalid, what+" is on another disk. Please move it in a terminal (mv)."
	case unix.ENAMETOOLONG:
		kind, sentence = app.Invalid, what+" is too long a name."
	case unix.ELOOP:
		kind, sentence = app.Invalid, what+" is a link that leads to itself."
	case unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EBUSY:
		kind, sentence = app.Unavailable, what+" cannot be used right now: too much is open or in use. Please try again."
	case unix.EAGAIN:
		kind, sentence = app.Unavailable, "A program of the project holds "+what+" for itself (a lease). Please try again when it has ended."
	case unix.EIO:
		kind, sentence = app.Unavailable, what+" could not be read or written: the disk reports an error."
	}
	return app.Explain(err, kind, "%s", sentence)
}

// HumanSize writes a number of bytes for a sentence.
func HumanSize(n int64) string {
	const step = 1 << 10
	if n < step {
		return fmt.Sprintf("%d bytes", n)
	}
	f, units := float64(n), []string{"KiB", "MiB", "GiB", "TiB"}
	for i, u := range units {
		if f /= step; f < step || i == len(units)-1 {
			return fmt.Sprintf("%.1f %s", f, u)
		}
	}
	return ""
}

// mustBeFile is the sentence for what cannot be opened.
func mustBeFile(shown string, k Kind) error {
	what := map[Kind]string{Directory: "a folder", Link: "a link", Other: "a device, a pipe or a socket"}[k]
	return app.Errorf(app.Invalid, "%s is %s, not a file.", quote(shown), what)
}
