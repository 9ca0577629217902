package main

// minutes is what each round may take, emulated.
const minutes = 25

// round is one run of a package's tests in the machine.
type round struct {
	name   string
	pkg    string
	tests  string            // -test.run
	args   []string          // further ones
	sysctl map[string]string // how the machine is then
	uid    int
}

// nobody is a user without rights, for whom the server may run too.
const nobody = 1_899_999_998

var (
	noNamespaces    = map[string]string{"user/max_user_namespaces": "0"}
	noOrdinaryUsers = map[string]string{"kernel/unprivileged_userns_clone": "0"}
)

// rounds are all that the machine does. Tests with the tag vm say what must hold
// in it and cannot be seen elsewhere; INTRUDER is the path of the program that
// tries the escapes, AGENT that of the agent, for who cannot build them inside;
// BINARIES is the folder of these and of the network's.
var rounds = []round{
	{name: "quotas", pkg: "projects/disk", tests: "."},
	{name: "sandbox", pkg: "projects/sandbox", tests: ".", args: []string{"-vm.intruder=INTRUDER", "-vm.mode=root-userns", "-vm.v2"}},
	{
		name: "sandbox of root without user namespaces", pkg: "projects/sandbox", tests: "VM", sysctl: noNamespaces,
		args: []string{"-vm.intruder=INTRUDER", "-agent=AGENT", "-vm.mode=root", "-vm.v2"},
	},
	{
		name: "sandbox of an ordinary user", pkg: "projects/sandbox", tests: "VM|TestContract", uid: nobody,
		args: []string{"-vm.intruder=INTRUDER", "-intruder=INTRUDER", "-agent=AGENT", "-vm.mode=unprivileged"},
	},
	{
		name: "no user namespaces for an ordinary user", pkg: "projects/sandbox", tests: "VM", sysctl: noOrdinaryUsers, uid: nobody,
		args: []string{"-vm.intruder=INTRUDER", "-vm.refused=unprivileged_userns_clone"},
	},
	{
		name: "no user namespaces at all", pkg: "projects/sandbox", tests: "VM", sysctl: noNamespaces, uid: nobody,
		args: []string{"-vm.intruder=INTRUDER", "-vm.refused=max_user_namespaces"},
	},
	{name: "network, its interface", pkg: "projects/network/link", tests: "."},
	{name: "network, the forwarder", pkg: "projects/network/forward", tests: ".", args: []string{"-in-namespaces"}},
	{name: "network, its helper", pkg: "projects/network/helper", tests: ".", args: []string{"-in-namespaces", "-programs=BINARIES"}},
	{name: "host of projects", pkg: "projects", tests: "."},
}
