package main

import (
	"context"
	"fmt"
	"os"
)

// sizes measures the executable, and the agent in it as a project runs it.
func (l *lab) sizes(context.Context) error {
	info, err := os.Stat(l.executable)
	if err != nil {
		return err
	}
	l.table.add("size of the executable, pages and agent inside", mebibytes(info.Size()))
	agents, _, err := l.processes()
	if err != nil {
		return err
	}
	if info, err = os.Stat(fmt.Sprintf("/proc/%d/exe", agents[0])); err != nil {
		return err
	}
	l.table.add("size of the agent", mebibytes(info.Size()))
	return nil
}
