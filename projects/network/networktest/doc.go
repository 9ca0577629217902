// Package networktest makes the network that tests of the forwarder need: a
// machine with addresses, a router, and servers behind it, all in network
// namespaces of the test's own. What a broken policy lets out ends there.
package networktest
