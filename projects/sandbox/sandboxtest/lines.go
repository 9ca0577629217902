package sandboxtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// lines are what a student types. Where one would do harm if it worked, it is a
// form that does not.
func lines(g *ground, p *project, host Host) (all []line) {
	refuse := func(escape int, says string, typed ...string) {
		for _, t := range typed {
			all = append(all, line{escape, t, `.*(` + says + `).*`, anyFailure})
		}
	}
	say := func(escape int, says, typed string) { all = append(all, line{escape, typed, says, anyEnd}) }

	refuse(1, refused,
		"cat /etc/shadow", "cat /root/.bashrc", "cat /root/.ssh/id_rsa", "cat /etc/ssl/private/*", "cat /var/log/syslog",
		"cd / && cat ../../../etc/shadow", "ln -s /etc/shadow s && cat s",
		"cat /proc/1/root/etc/shadow", "cat /home/user/../root/.bashrc", "cp -r /etc/sudoers .", "ls /var/lib/lyceum")
	refuse(1, "cross-device", "ln /etc/os-release p && cat p") // a link would have the host's file in the home
	for name := range g.files {
		if filepath.Base(name) == canaryFile {
			refuse(1, refused, "cat "+name, "ls -l "+filepath.Dir(name)+"/"+canaryFile, "ln -s "+name+" l; cat l; e=$?; rm l; (exit $e)")
		}
	}
	say(1, "", "find / -path /usr -prune -o -path /proc -prune -o -path /sys -prune -o -name "+canaryFile+" -print 2>/dev/null")
	say(1, "user", "ls -A /home /root /mnt | grep -v : | xargs")
	say(1, "", "env | grep -v -E '^(PATH|LYCEUM_OPEN)=' | grep -i -E 'canary|secret|lyceum'")
	say(1, "", "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -i canary")

	say(2, `([0-9]|[1-4][0-9])`, "ls -d /proc/[0-9]* | wc -l")
	refuse(2, notThere, fmt.Sprintf("kill -9 %d", os.Getpid()), fmt.Sprintf("cat /proc/%d/cmdline", os.Getpid()))

	say(2, "", "cat /proc/keys /proc/timer_list /proc/interrupts /proc/sched_debug 2>/dev/null; ls -A /sys/firmware")

	for _, d := range host.Dial {
		_, target, _ := strings.Cut(d, "=")
		network, address, _ := strings.Cut(target, ",")
		switch at := strings.LastIndex(address, ":"); {
		case network == "tcp" && !strings.HasPrefix(address, "["):
			refuse(3, noWay, "curl -sS -m 5 http://"+address, "exec 9<>/dev/tcp/"+address[:at]+"/"+address[at+1:])
		case network == "unix":
			refuse(3, noWay, python(`import socket; socket.socket(socket.AF_UNIX).connect("\0`+address[1:]+`")`))
		}
	}
	refuse(3, forbidden, "ip link add dummy0 type dummy", "ip addr add 10.0.0.1/8 dev lo", "ip route add default dev lo")
	say(3, "lo", "ls /sys/class/net | xargs")

	return append(append(all, linesOfKernel()...), linesInside(p)...)
}

// linesOfKernel are about namespaces, calls and sockets.
func linesOfKernel() (all []line) {
	refuse := func(escape int, says string, typed ...string) {
		for _, t := range typed {
			all = append(all, line{escape, t, `.*(` + says + `).*`, anyFailure})
		}
	}
	refuse(4, forbidden,
		"mount -t tmpfs x /mnt", "mount --bind /usr /mnt", "mount -o remount,rw /usr", "mount -t proc proc /mnt", "mount -t cgroup2 x /mnt",
		"unshare -r id", "unshare -m id", "unshare -n id", "unshare -p -f id", "unshare -C id",
		"nsenter -t 1 -m id", "nsenter -t $$ -n id", "/usr/sbin/chroot / id", "mount -t overlay -o lowerdir=/usr,upperdir=/tmp,workdir=/tmp o /mnt")
	refuse(4, refused, "umount /proc", "umount -l /usr")
	all = append(all, line{4, python(
		`import ctypes; l=ctypes.CDLL(None,use_errno=True)`,
		`r=[]`,
		// The numbers of these are the same on every architecture.
		`[r.append((l.syscall(*c),ctypes.get_errno())) for c in [(428,-100,b"/",1),(430,b"tmpfs",0),(442,-100,b"/",0,0,0),(429,-100,b"/",-100,b"/",0),(433,-100,b"/",0)]]`,
		`[r.append((f(*a),ctypes.get_errno())) for f,a in [(l.unshare,(0x10000000,)),(l.setns,(0,0)),(l.mount,(b"x",b"/",b"tmpfs",0,0)),(l.umount2,(b"/",2)),(l.chroot,(b"/",))]]`,
		`print(set(r))`), `\{\(-1, 1\)\}`, 0})
	all = append(all, line{4, python(
		`import ctypes; l=ctypes.CDLL(None,use_errno=True); print(l.syscall(435,0,0), ctypes.get_errno())`), `-1 38`, 0})

	refuse(5, forbidden+"|read kernel buffer failed", "dmesg")
	refuse(5, forbidden, "date -s 2001-01-01", "mknod n c 1 3", "mknod n b 8 0", "hostname evil",
		`perl -e 'ioctl(STDIN, 0x5412, $x="x") or die "$!\n"'`, `perl -e 'ioctl(STDIN, 0x541c, $x="x") or die "$!\n"'`)
	refuse(5, refused, "dd if=/dev/sda of=x count=1", "dd if=/dev/vda of=x count=1", "dd if=/dev/mem of=x count=1", "dd if=/dev/kmsg of=x count=1",
		"cat /proc/kcore | head -c 9 | grep -q . || cat /proc/kcore/", "/usr/sbin/swapon /dev/sda")
	all = append(all, line{5, python(
		`import ctypes; l=ctypes.CDLL(None,use_errno=True)`,
		// io_uring_setup, pidfd_getfd, process_madvise, and the rest by their names in the C library.
		`r=[(l.syscall(*c),ctypes.get_errno()) for c in [(425,1,0),(440,0,0,0,0,0)]]`,
		`r+=[(f(*a),ctypes.get_errno()) for f,a in [(l.fanotify_init,(0,0)),(l.acct,(b"/",)),(l.swapon,(b"/",0)),(l.klogctl,(10,0,0)),(l.personality,(0x400000,)),(l.settimeofday,(ctypes.create_string_buffer(16),0))]]`,
		`print(set(r))`), `\{\(-1, 1\)\}`, 0})

	for _, socket := range []string{"17, 3, 768", "17, 2, 0", "40, 1, 0", "38, 5, 0", "44, 3, 0", "21, 5, 0", "30, 1, 0", "2, 3, 1", "10, 3, 58", "16, 3, 9", "16, 3, 15", "2, 1, 132"} {
		refuse(6, forbidden, `perl -e 'socket(S, `+socket+`) or die "$!\n"'`)
	}
	return all
}

// linesInside are about the agent, rights and bounds.
func linesInside(p *project) (all []line) {
	refuse := func(escape int, says string, typed ...string) {
		for _, t := range typed {
			all = append(all, line{escape, t, `.*(` + says + `).*`, anyFailure})
		}
	}
	say := func(escape int, says, typed string) { all = append(all, line{escape, typed, says, anyEnd}) }
	say(7, "here 42", `for s in $(seq 1 64); do kill -$s 1; done 2>/dev/null; echo here $((6*7))`)
	refuse(7, forbidden, "env kill -q 1 -SEGV 1", "env kill -q 1 -BUS 1", "prlimit --pid 1 --nofile=3:3", "prlimit --pid 1 --nproc=0:0",
		"cat /proc/1/environ", "ls -l /proc/1/fd/", "ls /proc/1/root/", "ls /proc/1/cwd/", "cp /proc/1/exe x", "head -c 9 /proc/1/mem", "cat /proc/1/maps",
		"echo x > /proc/1/comm", "echo 0 > /proc/1/oom_score_adj", "ls /proc/1/map_files/", "cat /proc/1/stack",
		python(`import os; os.open("/proc/1/ns/mnt", 0)`),
		python(`import ctypes; l=ctypes.CDLL(None,use_errno=True); import os; exit(os.strerror(ctypes.get_errno()) if l.ptrace(16,1,0,0) else 0)`),
		python(`import fcntl,os,signal; r,w=os.pipe(); fcntl.fcntl(r,fcntl.F_SETOWN,1); fcntl.fcntl(r,10,signal.SIGSEGV); fcntl.fcntl(r,fcntl.F_SETFL,os.O_ASYNC); os.write(w,b"x")`))
	say(7, "here 42", "sleep 0.05; echo here $((6*7))")

	refuse(8, refused, "touch /x", "touch /etc/x", "touch /usr/x", "touch /usr/local/bin/x", "rm -f /usr/bin/env", "echo x >> /etc/passwd", "echo x >> /etc/ld.so.preload",
		"echo evil > /proc/sys/kernel/hostname", "cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern", "echo h > /proc/sysrq-trigger",
		"mkdir /sys/fs/cgroup/x", "echo $$ > /sys/fs/cgroup/cgroup.procs", "echo 0 0 1 > /proc/self/uid_map", "echo -1000 > /proc/self/oom_score_adj",
		"chmod 600 /dev/null", "rm -f /dev/null", "mv /usr/bin /usr/nib", "touch /dev/x", "touch /run/x", "chmod 777 /")
	say(8, "", "find / -path /usr -prune -o -name cgroup.procs -print -o -name release_agent -print 2>/dev/null | head -1")

	refuse(9, refused+"|password|Authentication failure|Critical error|must be", "sudo -n id", "su -c id </dev/null", "pkexec id", "newuidmap $$ 0 0 1")
	say(9, fmt.Sprintf(`(1000 1000 1000|%[1]d %[1]d %[1]d)`, p.uid), `cp /usr/bin/id x; chmod 6755 x; echo $(./x -u) $(./x -g) $(./x -G); rm x`)
	say(9, `0+ 0+ 0+ 0+ 0+`, `echo $(grep ^Cap /proc/self/status | cut -f2)`)
	say(9, `NoNewPrivs:\s+1\s+Seccomp:\s+2`, `grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status`)
	say(9, `1 1`, `echo $(grep '^Max core file size' /proc/self/limits | tr -s ' ' | cut -d' ' -f5,6)`)
	say(9, `0 1 2 3`, `ls /proc/self/fd | xargs`)
	refuse(9, forbidden+"|cannot modify limit", "ulimit -c unlimited", "ulimit -H -c 9", "nice -n -5 true && nice -n -5 id 2>&1 | grep -q denied && false", "chrt -f 1 id")

	refuse(10, "No space left on device", "dd if=/dev/zero of=/dev/shm/x bs=1M count=64", "dd if=/dev/zero of=/run/user/x bs=1M count=64")
	say(10, "", "rm -f /dev/shm/x /run/user/x")
	refuse(10, "Killed|memory exhausted", "tail /dev/zero")
	say(11, "(.*No such process\\s+)?here 42", "kill -9 -1; echo here $((6*7))")
	return all
}

// python runs statements; a few kilobytes of it every student can type.
func python(statements ...string) string {
	return "python3 -c '" + strings.Join(statements, "\n") + "'"
}
