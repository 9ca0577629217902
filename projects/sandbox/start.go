package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox/stage"
)

// Spec says what to start.
type Spec struct {
	Name      string   // of the cgroup: letters, digits and "-"
	UID       int      // owner of Home and Tmp; only with a mode that has them
	Home, Tmp string   // absolute, exist; seen as /home/user and /tmp
	Listener  *os.File // the socket on which the agent serves
	Config    []byte   // given to the agent through a pipe, at most maxConfigBytes
	Arguments []string // of the agent, visible inside
	Limits    Limits   // zero fields are those of Options
	Network   bool     // the project has a network from its start on; see Process.OpenNetwork
}

// maxConfigBytes fits into a pipe at once, so that nobody has to wait.
const maxConfigBytes = 32 << 10

// startTimeout is how long the set-up may take; it takes some ten milliseconds,
// and a loaded disk can make it a second.
const startTimeout = 20 * time.Second

// insideID is the uid and gid that a project sees as its own in a user
// namespace.
const insideID = 1000

// Start starts an agent and returns when it serves. ctx bounds the start only:
// the agent outlives it, the caller and the server.
func (s *Sandbox) Start(ctx context.Context, spec Spec) (*Process, error) {
	return s.start(ctx, s.mode, spec)
}

func (s *Sandbox) start(ctx context.Context, mode Mode, spec Spec) (_ *Process, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if len(spec.Config) > maxConfigBytes {
		return nil, fmt.Errorf("configuration of the agent has %d bytes, at most %d", len(spec.Config), maxConfigBytes)
	}
	l := &launch{sandbox: s, mode: mode, spec: spec, limits: spec.Limits.Or(s.options.Limits)}
	defer l.close()
	defer func() {
		if err != nil && l.process != nil {
			err = errors.Join(err, l.process.Kill(context.WithoutCancel(ctx))) // leave nothing
		} else if err != nil {
			err = errors.Join(err, l.group.remove())
		}
	}()
	if err := l.prepare(); err != nil {
		return nil, err
	}
	if err := l.spawn(); err != nil {
		return nil, err
	}
	if err := l.ready(ctx); err != nil {
		return nil, err
	}
	l.takeNetwork()
	return l.process, nil
}

// launch is one start under way.
type launch struct {
	sandbox *Sandbox
	mode    Mode
	spec    Spec
	limits  Limits
	plan    stage.Plan
	group   group
	process *Process

	files      []*os.File // of the child, from stage.PlanFD on
	planWriter *os.File
	readyPipe  *os.File
	network    *os.File // socket on which the stage hands the network over, nil: it does not
}

func (l *launch) close() {
	closeAll(l.files)
	closeAll([]*os.File{l.planWriter, l.readyPipe, l.network})
}

// prepare makes pipes, cgroups, detached mounts and the plan.
func (l *launch) prepare() error {
	planReader, planWriter, err := os.Pipe()
	if err != nil {
		return err
	}
	l.planWriter = planWriter
	l.files = append(l.files, planReader)
	readyPipe, readyWriter, err := os.Pipe()
	if err != nil {
		return err
	}
	l.readyPipe = readyPipe
	config, err := configPipe(l.spec.Config)
	if err != nil {
		return errors.Join(err, readyWriter.Close())
	}
	program, err := duplicate(l.sandbox.options.Program.file)
	if err != nil {
		return errors.Join(err, readyWriter.Close(), config.Close())
	}
	listener, err := duplicate(l.spec.Listener)
	if err != nil {
		return errors.Join(err, readyWriter.Close(), config.Close(), program.Close())
	}
	l.files = append(l.files, readyWriter, program, listener, config)

	l.plan = stage.Plan{
		Isolated: l.mode != None, SetID: l.mode == Root, UserNS: l.mode.userNS(),
		UID: insideID, GID: insideID, Hostname: "project",
		ReadOnly: readOnly(l.sandbox.options.ReadOnly),
		HomePath: l.spec.Home, TmpPath: l.spec.Tmp,
		SharedMemoryBytes: l.limits.SharedMemoryBytes, PTYs: l.limits.ptys(), OpenFiles: uint64(l.limits.OpenFiles),
		Filter: l.sandbox.filter, Arguments: l.spec.Arguments,
	}
	if l.mode == Root {
		l.plan.UID, l.plan.GID = l.spec.UID, l.spec.UID
	}
	if err := l.prepareGroup(); err != nil {
		return err
	}
	if err := l.giveNetwork(); err != nil {
		return err
	}
	return l.prepareMounts()
}

// prepareGroup makes the cgroups, or says which limits each program gets
// instead.
func (l *launch) prepareGroup() (err error) {
	if !l.sandbox.grouped(l.mode) {
		l.plan.DataBytes = uint64(l.limits.MemoryBytes)
		if l.mode != None { // there the count would include all of the user's processes
			l.plan.Processes = uint64(l.limits.Processes)
		}
		return nil
	}
	if l.group, err = l.sandbox.cgroups.create(l.spec.Name, l.limits); err != nil {
		return fmt.Errorf("make the cgroups: %w", err)
	}
	doors, err := l.group.openUser()
	if err != nil {
		return fmt.Errorf("open the cgroup of programs: %w", err)
	}
	for _, f := range doors {
		l.plan.UserProcs = append(l.plan.UserProcs, l.give(f))
	}
	return nil
}

// prepareMounts opens what only the server can reach: the data directory lets
// nobody else in.
func (l *launch) prepareMounts() error {
	if !l.mode.ownUID() {
		return nil
	}
	for _, own := range []struct {
		path string
		fd   *int
	}{{l.spec.Home, &l.plan.HomeFD}, {l.spec.Tmp, &l.plan.TmpFD}} {
		fd, err := stage.CloneMount(own.path, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, false)
		if err != nil {
			return err
		}
		*own.fd = l.give(os.NewFile(uintptr(fd), "mount"))
	}
	return nil
}

// give hands a file to the child and returns its number there.
func (l *launch) give(f *os.File) int {
	l.files = append(l.files, f)
	return stage.PlanFD + len(l.files) - 1
}

// spawn starts the child, puts it into its cgroup and only then tells it what
// to do.
func (l *launch) spawn() error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	pidfd := -1
	attr := &os.ProcAttr{Dir: "/", Env: []string{"GOMAXPROCS=1", "GOGC=off"}, Files: []*os.File{null, null, null}, Sys: attributes(l.mode, l.spec.UID)}
	attr.Files = append(attr.Files, l.files...)
	attr.Sys.PidFD = &pidfd
	child, err := l.startProcess(attr)
	if err != nil {
		return explain(l.mode, err)
	}
	closeAll(l.files) // the child has its own; the ends of the pipes show
	l.files = nil
	if l.process, err = adopt(child.Pid, pidfd, l.mode, l.group); err != nil {
		return errors.Join(err, unix.Kill(child.Pid, unix.SIGKILL), child.Release())
	}
	if l.mode.ownUID() {
		l.process.handle.UID = l.spec.UID
	}
	if err := child.Release(); err != nil {
		return err
	}
	if err := l.group.enter(l.process.handle.PID); err != nil {
		return fmt.Errorf("enter the cgroup: %w", err)
	}
	if err := json.NewEncoder(l.planWriter).Encode(l.plan); err != nil {
		return fmt.Errorf("send the plan: %w", err)
	}
	return l.planWriter.Close()
}

// startProcess makes the child, whose user namespace is to belong to the
// project.
func (l *launch) startProcess(attr *os.ProcAttr) (child *os.Process, err error) {
	start := func() (err error) {
		child, err = os.StartProcess(fmt.Sprintf("/proc/self/fd/%d", stage.ProgramFD), []string{"lyceum-agent", "stage"}, attr)
		return err
	}
	if l.mode == RootUserNS {
		err = asOwner(l.spec.UID, start)
	} else {
		err = start()
	}
	return child, err
}

// capabilities are what the set-up needs, in the new user namespace only.
var capabilities = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP, unix.CAP_SYS_RESOURCE}

func attributes(mode Mode, uid int) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true}
	if mode == None {
		return a
	}
	a.Cloneflags = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	if !mode.userNS() {
		return a
	}
	gid := uid
	if mode == Unprivileged {
		uid, gid = os.Geteuid(), os.Getegid()
	}
	a.Cloneflags |= unix.CLONE_NEWUSER
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: insideID, HostID: uid, Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: insideID, HostID: gid, Size: 1}}
	a.GidMappingsEnableSetgroups = mode == RootUserNS
	a.Credential = &syscall.Credential{Uid: insideID, Gid: insideID, NoSetGroups: mode == Unprivileged}
	a.AmbientCaps = capabilities
	return a
}

// ready waits until the ready pipe is closed. What comes before that is why the
// start has not worked.
func (l *launch) ready(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = l.readyPipe.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	const maxReason = 4096 // it comes from inside
	reason, err := io.ReadAll(io.LimitReader(l.readyPipe, maxReason))
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("start the agent: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("start the agent: %w", err)
	case len(reason) > 0:
		return explain(l.mode, errors.New(strings.ToValidUTF8(string(reason), "?")))
	case l.process.ended():
		return errors.New("start the agent: it ended without a word")
	}
	return nil
}

func configPipe(config []byte) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(config); err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	return r, w.Close()
}

func duplicate(f *os.File) (*os.File, error) {
	if f == nil {
		f = os.Stdin // the probe has no socket
	}
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("duplicate a descriptor: %w", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
