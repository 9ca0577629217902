package forward

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"lyceum/projects/network/link"
)

// wire is the stack's end of the interface.
type wire struct {
	tun *os.File
	fd  int // of tun, which is open as long as the wire

	mu         sync.RWMutex
	dispatcher stack.NetworkDispatcher
}

var _ stack.LinkEndpoint = (*wire)(nil)

// read hands packets to the stack until the interface is gone.
func (w *wire) read() error {
	packet := make([]byte, link.MTU)
	for {
		n, err := w.tun.Read(packet)
		if err != nil {
			return err
		}
		protocol, ok := acceptable(packet[:n])
		if !ok {
			continue
		}
		w.mu.RLock()
		d := w.dispatcher
		w.mu.RUnlock()
		if d == nil {
			continue
		}
		pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
			Payload: buffer.MakeWithView(buffer.NewViewWithData(packet[:n])),
		})
		d.DeliverNetworkPacket(protocol, pkt)
		pkt.DecRef()
	}
}

// acceptable reports whether the stack sees a packet: TCP and UDP from the
// project's own address. The stack would answer an echo for every address, as
// if it were there.
func acceptable(packet []byte) (tcpip.NetworkProtocolNumber, bool) {
	switch header.IPVersion(packet) {
	case header.IPv4Version:
		ip := header.IPv4(packet)
		if len(packet) < header.IPv4MinimumSize || ip.SourceAddress() != project4 {
			return 0, false
		}
		return header.IPv4ProtocolNumber, carried(ip.TransportProtocol())
	case header.IPv6Version:
		ip := header.IPv6(packet)
		if len(packet) < header.IPv6MinimumSize || ip.SourceAddress() != project6 {
			return 0, false
		}
		// A packet with extension headers, also a fragment, is not carried: no
		// program sends one unasked over an interface this wide.
		return header.IPv6ProtocolNumber, carried(tcpip.TransportProtocolNumber(ip.NextHeader()))
	}
	return 0, false
}

func carried(p tcpip.TransportProtocolNumber) bool {
	return p == header.TCPProtocolNumber || p == header.UDPProtocolNumber
}

// WritePackets implements stack.LinkEndpoint. The interface takes a packet or
// loses it, as a cable does; it never waits.
func (w *wire) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	for i, p := range packets.AsSlice() {
		if _, err := unix.Writev(w.fd, p.AsSlices()); err != nil && err != unix.EAGAIN && err != unix.ENOBUFS {
			return i, &tcpip.ErrAborted{}
		}
	}
	return packets.Len(), nil
}

// Attach implements stack.LinkEndpoint.
func (w *wire) Attach(d stack.NetworkDispatcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dispatcher = d
}

// IsAttached implements stack.LinkEndpoint.
func (w *wire) IsAttached() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.dispatcher != nil
}

// Capabilities implements stack.LinkEndpoint: what the kernel gives us it has
// made itself, in memory.
func (w *wire) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityRXChecksumOffload
}

// The rest of stack.LinkEndpoint has nothing to do: packets have no header of a
// link.
func (w *wire) MTU() uint32                             { return link.MTU }
func (w *wire) SetMTU(uint32)                           {}
func (w *wire) MaxHeaderLength() uint16                 { return 0 }
func (w *wire) LinkAddress() tcpip.LinkAddress          { return "" }
func (w *wire) SetLinkAddress(tcpip.LinkAddress)        {}
func (w *wire) Wait()                                   {}
func (w *wire) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }
func (w *wire) AddHeader(*stack.PacketBuffer)           {}
func (w *wire) ParseHeader(*stack.PacketBuffer) bool    { return true }
func (w *wire) Close()                                  {}
func (w *wire) SetOnCloseAction(func())                 {}
