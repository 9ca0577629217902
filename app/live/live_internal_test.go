package live

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lyceum/app"
)

// topics of a test: the row's project, before and after, and the row.
func testTopics(c app.Change) []string {
	topics := []string{"=" + c.ID}
	for _, row := range []app.Row{c.Old, c.New} {
		if p, ok := row["p"].(string); ok {
			topics = append(topics, "p="+p)
		}
	}
	return topics
}

type logTest struct {
	*testing.T
	log *Log
	n   int64
}

func (t *logTest) put(id, project string) {
	t.n++
	t.log.Append(app.Batch{
		Position: app.Position{Log: t.log.id, N: t.n},
		Changes:  []app.Change{{N: t.n, ID: id, Rev: t.n, New: app.Row{"p": project}}},
	})
}

func (t *logTest) wants(r *Reader, want string) {
	t.Helper()
	entries, _, err := r.Next()
	var words []string
	for _, c := range entries {
		words = append(words, fmt.Sprintf("%d:%s", c.N, c.ID))
	}
	got := strings.Join(words, " ")
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("Next = %q, want %q", got, want)
	}
}

func newLogTest(t *testing.T, entries int) *logTest {
	return &logTest{t, newLog(app.Position{Log: "l", N: 10}, testTopics, entries, 1<<20), 10}
}

// A page is open for days on a quiet project of a busy site: what others do must
// neither wake it nor push it out of the log.
func TestL8AReaderIsConcernedByItsTopicsOnly(t *testing.T) {
	l := newLogTest(t, 3)
	woken := 0
	quiet := l.log.Reader([]string{"p=quiet"}, func() { woken++ })
	for range 100 {
		l.put("x", "busy")
	}
	if woken != 0 {
		t.Error("woken by changes of another project")
	}
	l.put("y", "quiet")
	if woken != 1 {
		t.Errorf("woken %d times by a change of its own", woken)
	}
	l.wants(quiet, "111:y")
	if pos := quiet.Position().N; pos != 111 {
		t.Errorf("position = %d", pos)
	}
}

// A browser shows its own set until the list has come to it; the number of another
// change would show the old value for a moment.
func TestL4AChangeIsFoundByItsRevision(t *testing.T) {
	log := newLog(app.Position{Log: "l", N: 10}, testTopics, 2, 1<<20)
	for _, c := range []app.Change{{N: 11, ID: "x", Rev: 5}, {N: 15, ID: "x", Rev: 9}, {N: 16, ID: "y", Rev: 9}} {
		log.Append(app.Batch{Position: app.Position{Log: "l", N: c.N}, Changes: []app.Change{c}})
	}
	for _, tt := range []struct {
		topic string
		rev   int64
		n     int64
	}{{"=x", 9, 15}, {"=y", 9, 16}, {"=x", 5, 0}, {"=x", 8, 0}, {"=z", 9, 0}} {
		if n, ok := log.Number(tt.topic, tt.rev); n != tt.n || ok != (tt.n != 0) {
			t.Errorf("revision %d of %s is number %d, %v; want %d", tt.rev, tt.topic, n, ok, tt.n)
		}
	}
}

// L7: a reader that does not read is told so, and costs the log nothing.
func TestL7AReaderThatFallsOutIsTold(t *testing.T) {
	l := newLogTest(t, 3)
	slow := l.log.Reader([]string{"p=a"}, nothing)
	for range 4 {
		l.put("x", "a")
	}
	l.wants(slow, ErrTruncated.Error())
	if len(l.log.entries) != 3 || len(l.log.topics["p=a"].entries) != 3 {
		t.Errorf("the log has %d entries, its topic %d", len(l.log.entries), len(l.log.topics["p=a"].entries))
	}
	if err := slow.Seek(app.Position{Log: "l", N: 12}); err != nil {
		t.Fatal(err)
	}
	l.wants(slow, "13:x 14:x")
}

func TestL4APositionIsResumedOrRefused(t *testing.T) {
	l := newLogTest(t, 3)
	for range 5 {
		l.put("x", "a")
	}
	r := l.log.Reader([]string{"p=a"}, nothing)
	for _, tt := range []struct {
		pos  app.Position
		want error
	}{
		{app.Position{Log: "l", N: 12}, nil},
		{app.Position{Log: "l", N: 11}, ErrTruncated},
		{app.Position{Log: "other", N: 12}, ErrTruncated},
	} {
		if err := r.Seek(tt.pos); !errors.Is(err, tt.want) {
			t.Errorf("Seek(%v) = %v, want %v", tt.pos, err, tt.want)
		}
	}
	l.wants(r, "13:x 14:x 15:x")
	l.log.Append(app.Batch{Position: app.Position{Log: "new", N: 3}}) // a gap in the feed
	l.wants(r, ErrTruncated.Error())
}

// A row that moves from one project to the other concerns the readers of both;
// one that reads both gets it once.
func TestL2AChangeOfTwoTopicsComesOnce(t *testing.T) {
	l := newLogTest(t, 10)
	both, a := l.log.Reader([]string{"p=a", "p=b"}, nothing), l.log.Reader([]string{"p=a"}, nothing)
	l.n++
	l.log.Append(app.Batch{Position: app.Position{Log: "l", N: 11}, Changes: []app.Change{{N: 11, ID: "x", Old: app.Row{"p": "a"}, New: app.Row{"p": "b"}}}})
	l.put("y", "b")
	l.wants(both, "11:x 12:y")
	l.wants(a, "11:x")
}

// Whoever is in ten thousand projects looks at the one that has changed, and
// still misses none.
func TestL8AReaderOfManyTopicsLooksAtTheChangedOnes(t *testing.T) {
	l := newLogTest(t, 100)
	var topics []string
	for i := range 10_000 {
		topics = append(topics, fmt.Sprint("p=", i))
	}
	r := l.log.Reader(topics, nothing)
	l.put("x", "17")
	l.put("y", "elsewhere")
	if n := len(r.changedLocked()); n != 1 {
		t.Errorf("it looks at %d topics for one change", n)
	}
	l.wants(r, "11:x")
	l.put("z", "4")
	l.put("x", "17")
	l.wants(r, "13:z 14:x")
	if err := r.Seek(app.Position{Log: "l", N: 10}); err != nil {
		t.Fatal(err)
	}
	l.wants(r, "11:x 13:z 14:x")
}

func nothing() {}

func TestL9AClosedReaderLeavesNothing(t *testing.T) {
	l := newLogTest(t, 2)
	for i := range 100 {
		r := l.log.Reader([]string{fmt.Sprint("p=", i)}, nothing)
		l.put("x", fmt.Sprint(i))
		r.Close()
	}
	if n := len(l.log.topics); n > 4 {
		t.Errorf("%d topics are left for two entries", n)
	}
}

func TestTheLogIsBoundedInBytes(t *testing.T) {
	log := newLog(app.Position{Log: "l"}, testTopics, 1000, 10_000)
	for n := range int64(100) {
		log.Append(app.Batch{Position: app.Position{Log: "l", N: n + 1}, Changes: []app.Change{{N: n + 1, ID: "x", New: app.Row{"p": strings.Repeat("x", 1000)}}}})
		if log.bytes > 10_000 {
			t.Fatalf("the log has %d bytes", log.bytes)
		}
	}
}

// Readers with random topics at random positions against the whole list.
func TestReadersSeeWhatAListSees(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		l := newLogTest(t, 40)
		var all []app.Change
		r := l.log.Reader([]string{"p=0"}, nothing)
		topics := []string{"p=0"}
		at := int64(10)
		for range 200 {
			switch random.IntN(4) {
			case 0:
				changes, _, err := r.Next()
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				var want []int64
				for _, c := range all {
					if c.N > at && slices.ContainsFunc(testTopics(c), func(s string) bool { return slices.Contains(topics, s) }) {
						want = append(want, c.N)
					}
				}
				var got []int64
				for _, c := range changes {
					got = append(got, c.N)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: got %v, want %v", seed, got, want)
				}
				at = r.Position().N
				if random.IntN(4) == 0 { // another reader goes on from there
					topics = []string{fmt.Sprint("p=", random.IntN(3)), fmt.Sprint("=", random.IntN(3))}
					next := l.log.Reader(topics, nothing)
					if err := next.Seek(r.Position()); err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
					r.Close()
					r = next
				}
			default:
				if l.n-at < 40 {
					l.put(fmt.Sprint(random.IntN(3)), fmt.Sprint(random.IntN(3)))
					all = append(all, app.Change{N: l.n, ID: l.log.entries[len(l.log.entries)-1].change.ID, New: l.log.entries[len(l.log.entries)-1].change.New})
				}
			}
		}
	}
}

// What one commit costs with ten thousand who are not concerned (L8).
func BenchmarkAppendBesideTenThousandReaders(b *testing.B) {
	log := NewLog(app.Position{Log: "l"}, testTopics)
	for i := range 10_000 {
		defer log.Reader([]string{fmt.Sprint("p=", i)}, nothing).Close()
	}
	n := int64(0)
	for b.Loop() {
		n++
		log.Append(app.Batch{Position: app.Position{Log: "l", N: n}, Changes: []app.Change{{N: n, ID: "x", New: app.Row{"p": "1"}}}})
	}
}
