package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A row is one line of the table. A value without a unit is not there.
type row struct {
	what       string
	ours, peer value
	peerName   string
}

// A value has its unit.
type value struct {
	number float64
	unit   string
}

func milliseconds(d time.Duration) value { return value{d.Seconds() * 1e3, "ms"} }
func seconds(d time.Duration) value      { return value{d.Seconds(), "s"} }
func mebibytes(n int64) value            { return value{float64(n) / (1 << 20), "MiB"} }
func kibibytes(n int64) value            { return value{float64(n) / (1 << 10), "KiB"} }

func (v value) String() string {
	digits := 2
	switch {
	case v.unit == "":
		return ""
	case v.number >= 100:
		digits = 0
	case v.number >= 10:
		digits = 1
	}
	return fmt.Sprintf("%.*f %s", digits, v.number, v.unit)
}

type table []row

// add adds a line without a peer.
func (t *table) add(what string, ours value) { t.against(what, ours, value{}, "") }

func (t *table) against(what string, ours, peer value, peerName string) {
	*t = append(*t, row{what, ours, peer, peerName})
}

// without adds a line whose peer could not be measured, and why.
func (t *table) without(what string, ours value, why string) { t.against(what, ours, value{}, why) }

// String returns the table in Markdown.
func (t table) String() string {
	var b strings.Builder
	b.WriteString("| what | ours | peer | ratio |\n|---|--:|--:|--:|\n")
	for _, r := range t {
		peer, ratio := r.peerName, ""
		if r.peer.unit != "" {
			peer = fmt.Sprintf("%s (%s)", r.peer, r.peerName)
			if r.peer.number > 0 {
				ratio = fmt.Sprintf("%.1f", r.ours.number/r.peer.number)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.what, r.ours, peer, ratio)
	}
	return b.String()
}

// samples are measured times.
type samples []time.Duration

// percentile returns the least sample that p per cent do not exceed.
func (s samples) percentile(p int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max((len(s)*p+99)/100, 1)-1]
}
