package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// benchmarkLine is one line of Go's benchmarks: name, rounds, then figures with
// their units. figure is one of these.
var (
	benchmarkLine = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s(.*)$`)
	figure        = regexp.MustCompile(`([0-9.]+) (\S+)`)
)

// network measures the way of a project to a server in a network namespace that
// the benchmark makes, and the same without the way: Go's benchmarks of the
// forwarder do it, because they have the namespaces. They need root.
func (l *lab) network(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return nil
	}
	figures := make(map[string]float64)
	for _, pkg := range []string{"./projects/network/helper", "./projects/network/forward"} {
		cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=Project|On|Answer", "-benchtime=2s", pkg)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		for _, m := range benchmarkLine.FindAllStringSubmatch(string(out), -1) {
			for _, f := range figure.FindAllStringSubmatch(m[2], -1) {
				if figures[m[1]+" "+f[2]], err = strconv.ParseFloat(f[1], 64); err != nil {
					return err
				}
			}
		}
	}
	gigabits := func(name string) value { return value{figures[name+" MB/s"] * 8 / 1000, "Gbit/s"} }
	micros := func(name string) value { return value{figures[name+" ns/op"] / 1000, "µs"} }
	for _, way := range [][2]string{{"out", "sends"}, {"in", "receives"}} {
		l.table.against("network of a project: dd "+way[1], gigabits("Project/"+way[0]+"/through"), gigabits("Project/"+way[0]+"/direct"), "no sandbox")
	}
	l.table.against("network of a project: time to an answer", micros("Answer/through/answer"), micros("Answer/direct/answer"), "no forwarder")
	l.table.against("network of a project: time to a connection", micros("Answer/through/connect"), micros("Answer/direct/connect"), "no forwarder")
	l.table.add("network of a project: from its limit to the first answer", value{figures["On ns/op"] / 1e6, "ms"})
	l.table.add("memory of a network helper of its own, after that", kibibytes(int64(figures["Project/helper own-KiB"])<<10))
	l.table.add("memory that all network helpers share", kibibytes(int64(figures["Project/helper shared-KiB"])<<10))
	return nil
}
