// Command lyceum-network carries the connections of one project, outside of its
// sandbox. The server carries it and is the only one to start it.
package main

import (
	"context"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"lyceum/projects/network/helper"
)

func main() {
	// It is executed by descriptor, so the kernel calls it "5".
	name := []byte("lyceum-network\x00")
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0) // for people only
	if len(os.Args) < 2 || os.Args[1] != "forward" {
		fmt.Fprintln(os.Stderr, "lyceum-network: this program is started by lyceum")
		os.Exit(1)
	}
	if err := helper.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "lyceum-network:", err)
		os.Exit(1)
	}
}
