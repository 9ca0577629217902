// Package sandbox runs a project's agent so that nothing in the project can
// reach the host, another project or the network.
//
// It uses no program and no library of the host: namespaces, detached mounts, a
// system call filter, cgroups and a uid of the project's own. Open probes once
// which of the modes this machine can keep, by really starting a process in
// each, and refuses to go on with less than was asked for. Start returns when
// the agent serves; the process then lives on its own: it survives the server,
// and Find finds it again.
//
// The child starts with the package stage, which is linked into the agent's
// program. What a process inside must not be able to do is tested by package
// sandboxtest, in every mode.
package sandbox
