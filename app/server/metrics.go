package server

import (
	"lyceum/app/metrics"
	"lyceum/app/schema"
)

// newMeter returns the meter of this server.
func newMeter() *metrics.Meter {
	var names []string
	for _, t := range schema.All() {
		names = append(names, t.Name)
	}
	return metrics.New(names)
}
