package link

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Name is that of the interface inside.
const Name = "net0"

// MTU is the greatest that IPv4 and IPv6 allow, less what is customary: nothing
// of it is ever on a wire, and large packets are what makes it fast.
const MTU = 65520

// Addresses of the two ends. They are of the range for measurements and a
// random one of fd00::/8: no network that a project may reach has them.
var (
	Project4 = netip.MustParseAddr("198.18.0.2")
	Project6 = netip.MustParseAddr("fd5c:7a41:6c90::2")
	Gateway4 = netip.MustParseAddr("198.18.0.1") // answers for DNS only
	Gateway6 = netip.MustParseAddr("fd5c:7a41:6c90::1")
)

// Prefix lengths of the addresses: each side and the other.
const (
	bits4 = 30
	bits6 = 126
)

// Device is how a program asks for a TUN.
const Device = "/dev/net/tun"

// Open makes the interface in the network namespace of the calling thread, with
// addresses and routes, and returns its other end, non-blocking. It exists as
// long as the descriptor. It needs CAP_NET_ADMIN in that namespace.
func Open() (fd int, err error) {
	fd, err = unix.Open(Device, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return -1, explain(err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	request, err := unix.NewIfreq(Name)
	if err != nil {
		return -1, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return -1, fmt.Errorf("make the interface: %w", err)
	}
	return fd, configure()
}

// explain says what an administrator can do about a device that is not there.
func explain(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no %s; load the kernel's module tun, or give the device to the container", Device)
	case errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("the kernel has nothing behind %s; load its module tun", Device)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s may not be opened; let the server's user read and write it", Device)
	}
	return fmt.Errorf("open %s: %w", Device, err)
}

// configure gives the interface its size, addresses and routes.
func configure() error {
	index, err := setUp()
	if err != nil {
		return err
	}
	for _, own := range []struct {
		family  uint8
		address netip.Addr
		bits    uint8
	}{{unix.AF_INET, Project4, bits4}, {unix.AF_INET6, Project6, bits6}} {
		err := addAddress(index, own.family, own.address, own.bits)
		if err == nil {
			err = addDefault(index, own.family)
		}
		if own.family == unix.AF_INET6 && (errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EACCES)) {
			return nil // this machine has no IPv6
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setUp switches the interface on and returns its number.
func setUp() (index uint32, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	for _, step := range []struct {
		ioctl uint
		set   func(*unix.Ifreq)
		get   func(*unix.Ifreq)
	}{
		{unix.SIOCSIFMTU, func(r *unix.Ifreq) { r.SetUint32(MTU) }, nil},
		{unix.SIOCSIFFLAGS, func(r *unix.Ifreq) { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING) }, nil},
		{unix.SIOCGIFINDEX, nil, func(r *unix.Ifreq) { index = r.Uint32() }},
	} {
		request, err := unix.NewIfreq(Name)
		if err != nil {
			return 0, err
		}
		if step.set != nil {
			step.set(request)
		}
		if err := unix.IoctlIfreq(fd, step.ioctl, request); err != nil {
			return 0, fmt.Errorf("set up the interface: %w", err)
		}
		if step.get != nil {
			step.get(request)
		}
	}
	return index, nil
}

func addAddress(index uint32, family uint8, address netip.Addr, bits uint8) error {
	m := newMessage(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK,
		bytesOf(&unix.IfAddrmsg{Family: family, Prefixlen: bits, Index: index, Flags: unix.IFA_F_NODAD}))
	m.add(unix.IFA_LOCAL, address.AsSlice())
	m.add(unix.IFA_ADDRESS, address.AsSlice())
	if _, _, err := m.talk(); err != nil {
		return fmt.Errorf("give the address %s: %w", address, err)
	}
	return nil
}

// addDefault sends everything through the interface.
func addDefault(index uint32, family uint8) error {
	m := newMessage(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_ACK, bytesOf(&unix.RtMsg{
		Family: family, Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_STATIC, Scope: unix.RT_SCOPE_UNIVERSE, Type: unix.RTN_UNICAST,
	}))
	if family == unix.AF_INET {
		m.add(unix.RTA_GATEWAY, Gateway4.AsSlice())
	} else {
		m.add(unix.RTA_GATEWAY, Gateway6.AsSlice())
	}
	m.add(unix.RTA_OIF, bytesOf(&index))
	if _, _, err := m.talk(); err != nil {
		return fmt.Errorf("make the way out: %w", err)
	}
	return nil
}
