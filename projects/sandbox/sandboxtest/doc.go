// Package sandboxtest is the contract of a sandbox: what a process inside must
// not be able to do. Run tries it all, with a program written for it (intruder),
// in one mode. The numbers are in the names of tests and attempts:
//
//  1. Nothing of the host is readable that is not software: shadow, /root, other
//     homes, the data directory, links to them.
//  2. /proc shows own processes only; killing a host's pid is ESRCH.
//  3. No connection: loopback of the host, private and cloud addresses, IPv6 and
//     mapped forms, abstract sockets.
//  4. EPERM: mounts, chroot, and every way to a namespace; clone3 is ENOSYS.
//  5. EPERM: keys, bpf, perf, io_uring, userfaultfd, handles, kexec, modules,
//     syslog, quotas, clocks, device nodes.
//  6. EPERM: rare socket families, raw sockets, other netlinks; calls by the
//     tables of other architectures.
//  7. The agent cannot be traced, read, replaced or ended by a signal.
//  8. Writes fail outside of home, /tmp and the small file systems in memory.
//  9. No program gives more rights; none are inherited, nor groups, descriptors
//     or variables.
//  10. Processes, memory, terminals and file systems in memory are bounded, and
//     the agent serves while they are used up.
//  11. kill -9 -1 spares the agent; a stop leaves no process; a later server
//     finds it again.
//
// A hostile agent (12) is tried in package agent, a machine that cannot isolate
// (13) in package sandbox.
package sandboxtest
