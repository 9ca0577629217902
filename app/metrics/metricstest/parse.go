// Package metricstest reads Prometheus's text format as strictly as Prometheus
// and promtool's check together: what it accepts can be scraped.
package metricstest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	comment = regexp.MustCompile(`^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$`)
	sample  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	label   = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)`)
)

// parser reads line by line. Samples of a family follow its two comments.
type parser struct {
	samples map[string]float64
	helped  string // the family whose help was last read
	family  string // the one whose samples may come
	kind    string
	seen    map[string]bool

	// Of the histogram that is being read.
	series string // its labels without le
	bound  float64
	below  float64
}

// Parse returns the samples by name and labels, as they are written.
func Parse(text string) (map[string]float64, error) {
	p := &parser{samples: make(map[string]float64), seen: make(map[string]bool)}
	if !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("the last line does not end")
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		read := p.sample
		if strings.HasPrefix(line, "#") {
			read = p.comment
		}
		if err := read(line); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return p.samples, nil
}

func (p *parser) comment(line string) error {
	m := comment.FindStringSubmatch(line)
	switch {
	case m == nil:
		return fmt.Errorf("neither help nor type")
	case m[1] == "HELP" && p.seen[m[2]]:
		return fmt.Errorf("a second time")
	case m[1] == "HELP":
		p.helped, p.seen[m[2]] = m[2], true
		return nil
	case m[2] != p.helped:
		return fmt.Errorf("a type without help")
	case m[3] != "counter" && m[3] != "gauge" && m[3] != "histogram":
		return fmt.Errorf("no such type")
	case (m[3] == "counter") != strings.HasSuffix(m[2], "_total"):
		return fmt.Errorf("counters and no others end in _total")
	}
	p.family, p.kind = m[2], m[3]
	p.series = "?"
	return nil
}

func (p *parser) sample(line string) error {
	m := sample.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("no sample")
	}
	name, labels := m[1], m[2]
	value, err := strconv.ParseFloat(m[3], 64)
	if err != nil {
		return err
	}
	key := strings.TrimSuffix(line, " "+m[3])
	if _, double := p.samples[key]; double {
		return fmt.Errorf("a second time")
	}
	p.samples[key] = value
	le, err := checkLabels(labels)
	if err != nil {
		return err
	}
	if p.kind == "histogram" {
		return p.histogram(name, labels, le, value)
	}
	if name != p.family || le != "" {
		return fmt.Errorf("not of the family %s", p.family)
	}
	if p.kind == "counter" && value < 0 {
		return fmt.Errorf("a counter below zero")
	}
	return nil
}

// checkLabels returns the bound of a bucket, if there is one.
func checkLabels(labels string) (le string, err error) {
	seen := map[string]bool{}
	for labels != "" {
		m := label.FindStringSubmatch(labels)
		if m == nil || seen[m[1]] {
			return "", fmt.Errorf("bad labels")
		}
		seen[m[1]] = true
		if m[1] == "le" {
			le = m[2]
		}
		labels = labels[len(m[0]):]
	}
	return le, nil
}

// histogram checks that bounds and counts rise up to +Inf, which has all.
func (p *parser) histogram(name, labels, le string, value float64) error {
	switch name {
	case p.family + "_bucket":
		bound, err := strconv.ParseFloat(le, 64)
		if err != nil {
			return err
		}
		series := strings.TrimSuffix(strings.TrimSuffix(labels, `le="`+le+`"`), ",")
		if series == p.series && (bound <= p.bound || value < p.below) {
			return fmt.Errorf("buckets do not rise")
		}
		p.series, p.bound, p.below = series, bound, value
		return nil
	case p.family + "_sum":
		return nil
	case p.family + "_count":
		if labels != p.series || value != p.below || p.bound < 1e300 {
			return fmt.Errorf("the count is not that of the bucket +Inf")
		}
		return nil
	}
	return fmt.Errorf("not of the family %s", p.family)
}
