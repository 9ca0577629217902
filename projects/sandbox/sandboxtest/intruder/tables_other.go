//go:build !amd64

package main

// tryTables: this architecture has one table only.
func tryTables(did attempts) {
	did["6/int_0x80"], did["6/x32"] = "EPERM", "EPERM"
}
