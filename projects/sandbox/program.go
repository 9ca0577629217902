package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const sealExec = 0x20 // F_SEAL_EXEC, since Linux 6.3: nobody changes the mode either

// Program is the agent's executable as a sealed file in memory: a project can
// execute it, and neither replace, change nor read it. All agents of a server
// share its pages.
type Program struct{ file *os.File }

// NewProgram takes the bytes of a static executable.
func NewProgram(executable []byte) (*Program, error) {
	flags := unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("lyceum-agent", flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 all are executable
		fd, err = unix.MemfdCreate("lyceum-agent", flags)
	}
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "lyceum-agent")
	if _, err := f.Write(executable); err != nil {
		return nil, errors.Join(fmt.Errorf("write the agent into memory: %w", err), f.Close())
	}
	// Executable and not readable: the kernel then lets no process of the
	// project look into one that runs it, from the first instruction on.
	if err := f.Chmod(0o111); err != nil {
		return nil, errors.Join(fmt.Errorf("make the agent executable: %w", err), f.Close())
	}
	seals := unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals&^unix.F_SEAL_SEAL|sealExec); err != nil && !errors.Is(err, unix.EINVAL) {
		return nil, errors.Join(fmt.Errorf("seal the agent: %w", err), f.Close())
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return nil, errors.Join(fmt.Errorf("seal the agent: %w", err), f.Close())
	}
	// A descriptor for writing would make every exec fail with ETXTBSY.
	read, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		// Without root the mode forbids it; the first descriptor cannot write
		// any more, the seals are enough.
		return &Program{f}, nil
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("close the agent: %w", err)
	}
	return &Program{read}, nil
}

// Close lets go of the file; agents that run keep it.
func (p *Program) Close() error { return p.file.Close() }
