package disk

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// opened counts the files that a process keeps although they have no name any
// more, which a walk of the folders does not meet. One that is nowhere but in a
// message between two processes is not found.
func (m *measuring) opened(process int) error {
	for _, folder := range []string{"fd", "map_files"} {
		fd, err := unix.Open("/proc/"+strconv.Itoa(process)+"/"+folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue // it has ended, or is not ours to look at
		}
		if err := errors.Join(m.nameless(fd), unix.Close(fd)); err != nil {
			return err
		}
	}
	return nil
}

// nameless counts what the links in a folder of /proc lead to, if it has no name.
func (m *measuring) nameless(fd int) error {
	var names []string
	for {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		n, err := unix.Getdents(fd, m.buffer)
		if n <= 0 || err != nil {
			return nil // it has ended meanwhile
		}
		for data := m.buffer[:n]; len(data) > 0; {
			var used int
			if used, _, names = unix.ParseDirent(data, -1, names[:0]); used == 0 {
				break
			}
			data = data[used:]
			for _, name := range names {
				var st unix.Stat_t
				if unix.Fstatat(fd, name, &st, 0) != nil || st.Nlink > 0 || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Dev != m.device {
					continue
				}
				if err := m.count(&st); err != nil {
					return err
				}
			}
		}
	}
}
