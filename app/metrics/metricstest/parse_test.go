package metricstest_test

import (
	"testing"

	"lyceum/app/metrics/metricstest"
)

// A reader that accepts everything would prove nothing.
func TestWhatPrometheusRefusesIsRefused(t *testing.T) {
	const head = "# HELP a A.\n# TYPE a gauge\n"
	const histogram = "# HELP h H.\n# TYPE h histogram\n"
	tests := []struct {
		name, text string
		good       bool
	}{
		{name: "a gauge", text: head + "a 1\n", good: true},
		{name: "labels", text: head + "a{x=\"1\",y=\"\\\"\"} 1\n", good: true},
		{name: "a histogram", text: histogram + "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n", good: true},
		{name: "no end of line", text: head + "a 1"},
		{name: "no type", text: "# HELP a A.\na 1\n"},
		{name: "no help", text: "# TYPE a gauge\na 1\n"},
		{name: "no such type", text: "# HELP a A.\n# TYPE a number\na 1\n"},
		{name: "the same twice", text: head + "a 1\na 1\n"},
		{name: "a family twice", text: head + "a 1\n" + head},
		{name: "no value", text: head + "a\n"},
		{name: "not a number", text: head + "a one\n"},
		{name: "of no family", text: head + "b 1\n"},
		{name: "a bad name", text: head + "a-b 1\n"},
		{name: "a label that is not escaped", text: head + "a{x=\"\"\"} 1\n"},
		{name: "a label twice", text: head + "a{x=\"1\",x=\"2\"} 1\n"},
		{name: "a counter of another name", text: "# HELP a A.\n# TYPE a counter\na 1\n"},
		{name: "buckets that fall", text: histogram + "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 3\nh_count 1\n"},
		{name: "bounds that fall", text: histogram + "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 3\nh_count 1\n"},
		{name: "no last bucket", text: histogram + "h_bucket{le=\"1\"} 1\nh_sum 3\nh_count 1\n"},
		{name: "another count", text: histogram + "h_bucket{le=\"+Inf\"} 1\nh_sum 3\nh_count 2\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := metricstest.Parse(tt.text)
			if (err == nil) != tt.good {
				t.Errorf("Parse = %v, want good: %t", err, tt.good)
			}
		})
	}
}
