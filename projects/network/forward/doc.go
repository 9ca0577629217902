// Package forward is the other end of a project's network interface: a network
// stack of its own that ends each connection and dials its address again from
// the host, if the policy lets it.
//
// What comes out of the interface is made by a hostile program. Everything that
// it can make grow has a bound (bounds.go), nothing it sends is passed on as a
// packet, and ICMP, raw packets and other protocols end here.
package forward
