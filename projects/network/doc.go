// Package network decides what of the network a project may reach, and speaks
// to the helper that carries it out.
//
// A project whose network is "off" has a network namespace with a loopback and
// nothing else. One that is "filtered" has a second interface, whose other end
// is a helper of its own outside of the sandbox (lyceum-network). The helper
// ends every connection of the project in a network stack of its own and dials
// the same address again from the host, if the Policy lets it: the address that
// is dialled is what is checked, whatever name led to it. Without an entry in
// its allow list a project reaches addresses that are everybody's, and nothing
// of the machine or the network that it runs in.
//
// The helper outlives the server, as the agent does; the next server finds it in
// the project's run folder and can change the policy while connections are open.
package network
