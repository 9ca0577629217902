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
//  10. Processes, memory, terminals, cores and file systems in memory are
//     bounded, the agent serves while they are used up, and nothing that the
//     kernel counts is used up for other projects.
//  11. kill -9 -1 spares the agent; a stop leaves no process; a later server
//     finds it again.
//  12. The agent itself, taken over, can do no more than a program of the
//     project. What it may say to the server is tried in package agent.
//  13. What a mode cannot keep doctor says. A machine that cannot isolate is
//     tried in package sandbox.
//
// There are two probers that share nothing. The intruder is a Go program that
// makes single calls and judges them by their errno. The shell types what a
// student would, in bash, in a terminal of the real agent, and is judged by what
// it says and by what has become of the host. Run returns what a mode keeps, for
// the table mode × escape (make attack-sandbox).
package sandboxtest
