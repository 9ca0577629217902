// Package terminal keeps shells, their output, and those who watch.
package terminal
