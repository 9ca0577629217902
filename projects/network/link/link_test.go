package link_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/projects/network/link"
)

// inNamespace runs fn on a thread with a network namespace of its own.
func inNamespace(t *testing.T, fn func() error) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this needs root: run make test as root, or go test -short")
	}
	done := make(chan error, 1)
	go func() { // done is waited for
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- fn()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func ip(arguments string) error {
	out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput()
	if err != nil {
		return errors.New("ip " + arguments + ": " + string(out))
	}
	return nil
}

// The interface has what a program needs to find its way, and goes with its
// descriptor.
func TestInterfaceIsCompleteAndGoesWithItsDescriptor(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	inNamespace(t, func() error {
		fd, err := link.Open()
		if err != nil {
			return err
		}
		dev, err := net.InterfaceByName(link.Name)
		if err != nil {
			return err
		}
		if dev.MTU != link.MTU || dev.Flags&net.FlagUp == 0 {
			t.Errorf("MTU %d, flags %v", dev.MTU, dev.Flags)
		}
		addrs, err := dev.Addrs()
		if err != nil {
			return err
		}
		text := ""
		for _, a := range addrs {
			text += a.String() + " "
		}
		for _, want := range []netip.Addr{link.Project4, link.Project6} {
			if !strings.Contains(text, want.String()+"/") {
				t.Errorf("addresses are %s, without %s", text, want)
			}
		}
		for _, to := range []string{"11.0.0.1", "2a00::1"} {
			if r, err := link.Lookup(netip.MustParseAddr(to)); err != nil || r != (link.Route{}) {
				t.Errorf("route to %s: %+v, %v", to, r, err)
			}
		}
		if err := unix.Close(fd); err != nil {
			return err
		}
		if _, err := net.InterfaceByName(link.Name); err == nil {
			t.Error("the interface is left")
		}
		return nil
	})
}

// Where an address lies decides whether it is refused: what the kernel would
// take itself, give to a neighbour, or give to a router.
func TestPlacesOfAddresses(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	inNamespace(t, func() error {
		for _, line := range []string{
			"link set lo up", "link add here type veth peer name there", "link set here up", "link set there up",
			"addr add 11.0.0.2/24 dev here", "addr add 2a00::2/64 dev here nodad", "route add default via 11.0.0.1",
			"route add default via 2a00::1", "route add local 12.0.0.0/24 dev lo", "route add blackhole 13.0.0.0/24",
			"route add 64.0.0.0/2 dev there", "route add unreachable 14.0.0.0/24",
		} {
			if err := ip(line); err != nil {
				return err
			}
		}
		local, neighbor, beyond := link.Route{Local: true}, link.Route{Neighbor: true}, link.Route{}
		for to, want := range map[string]link.Route{
			"127.0.0.1": local, "127.9.9.9": local, "11.0.0.2": local, "11.0.0.255": local, "12.0.0.77": local, "::1": local, "2a00::2": local,
			"11.0.0.1": neighbor, "11.0.0.3": neighbor, "2a00::1": neighbor,
			"15.0.0.1": beyond, "65.0.0.1": beyond, "2b00::1": beyond,
		} {
			got, err := link.Lookup(netip.MustParseAddr(to))
			if err != nil || got != want {
				t.Errorf("%s: %+v, %v, want %+v", to, got, err, want)
			}
		}
		for _, to := range []string{"13.0.0.1", "14.0.0.1"} {
			if _, err := link.Lookup(netip.MustParseAddr(to)); !errors.Is(err, link.ErrUnreachable) {
				t.Errorf("%s: %v", to, err)
			}
		}
		// An address that comes while we run is the machine's own from then on.
		if err := ip("addr add 15.0.0.1/32 dev lo"); err != nil {
			return err
		}
		if got, err := link.Lookup(netip.MustParseAddr("15.0.0.1")); err != nil || got != local {
			t.Errorf("a new address: %+v, %v", got, err)
		}
		return nil
	})
}

func TestNoDeviceIsSaid(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	inNamespace(t, func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := unix.Mount("none", "/dev/net", "tmpfs", 0, ""); err != nil {
			return err
		}
		if _, err := link.Open(); err == nil || !strings.Contains(err.Error(), "there is no /dev/net/tun") {
			t.Errorf("without a device: %v", err)
		}
		return nil
	})
}
