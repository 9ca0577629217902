package yjs_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"lyceum/app/yjs"
)

// knownUpdates once meant something else here.
var knownUpdates = [][]byte{
	{1, 1, 1, 10, 0x84, 1, 6, 1, 'x', 0},                               // client 1 again, after half a character
	{1, 1, 3, 0, 0xc4, 1, 6, 1, 5, 6, 'h', 'e', 'l', 'l', 'o', ' ', 0}, // before what it stands after
	{1, 1, 3, 0, 0xc4, 1, 5, 1, 5, 1, 'x', 0},
}

// victim is a document with something of everything.
func victim(t testing.TB, client uint64) *yjs.Doc {
	t.Helper()
	d := yjs.New(yjs.WithClientID(client))
	d.Transact(nil, func() {
		must(t, d.Text("t").Insert(0, "hello 😀 wörld"))
		must(t, d.Text("t").Delete(1, 2))
		v, err := yjs.ParseJSON([]byte(`{"a":[1,2.5,"x",null]}`))
		must(t, err)
		must(t, d.Array("a").Insert(0, v, v, yjs.BytesValue([]byte{1})))
		m, err := d.Array("a").InsertMap(1)
		must(t, err)
		m.Set("k", v)
		m.SetText("k", "nested")
		d.Map("m").SetMap("inner").SetArray("deep")
		d.Map("m").Set("value", v)
	})
	return d
}

// mutate changes some bytes of an update, or puts parts of two together.
func mutate(r *rand.Rand, updates [][]byte) []byte {
	u := slices.Clone(updates[r.IntN(len(updates))])
	for range 1 + r.IntN(3) {
		i := r.IntN(len(u))
		switch r.IntN(5) {
		case 0:
			u[i] = byte(r.IntN(256))
		case 1:
			u[i] += byte(r.IntN(5)) - 2
		case 2:
			u = slices.Delete(u, i, i+1+r.IntN(min(3, len(u)-i)))
			u = append(u, 0)
		case 3:
			u[i] ^= 1 << r.IntN(8)
		default:
			other := updates[r.IntN(len(updates))]
			j := r.IntN(len(other))
			u = slices.Insert(u, i, other[j:j+r.IntN(min(6, len(other)-j))]...)
		}
	}
	return u
}

// An update that is stored here is sent to every browser that opens the file,
// for ever. If one throws on it, nobody can open the file any more. So whatever
// is accepted here must be accepted by the npm package, mean the same there, and
// leave a document that can still be emptied.
func TestWhatIsAcceptedIsAcceptedByTheNpmPackage(t *testing.T) {
	o := startOracle(t)
	base := state(t, victim(t, 1))
	updates := [][]byte{base}
	for seed := range 20 {
		s := &schedule{t: t, r: rand.New(rand.NewPCG(uint64(seed), 1))}
		d := yjs.New(yjs.WithClientID(uint64(2 + seed%3)))
		must(t, d.ApplyUpdate(base, nil))
		for range 3 {
			if u := d.Transact(nil, func() { s.editOne(d) }); u != nil {
				updates = append(updates, u)
			}
		}
		updates = append(updates, state(t, d))
	}
	n := 4000 * *schedules / 300
	if testing.Short() {
		n = 400
	}
	r := rand.New(rand.NewPCG(11, 12))
	accepted := 0
	for i := range n {
		update := mutate(r, updates)
		if i < len(knownUpdates) {
			update = knownUpdates[i]
		}
		d := yjs.New(yjs.WithGC(i%3 > 0), yjs.WithClientID(900))
		must(t, d.ApplyUpdate(base, nil))
		if d.ApplyUpdate(update, nil) != nil {
			continue
		}
		accepted++
		results := o.do(
			command{Cmd: "reset"},
			command{Cmd: "new", Doc: "d", Client: 900, GC: i%3 > 0},
			command{Cmd: "apply", Doc: "d", Update: base},
			command{Cmd: "apply", Doc: "d", Update: update},
			command{Cmd: "state", Doc: "d"},
			command{Cmd: "text", Doc: "d"},
			command{Cmd: "wipe", Doc: "d"},
			command{Cmd: "state", Doc: "d"},
		)
		for j, result := range results {
			if result.Error != "" {
				t.Fatalf("command %d, update %x: %s", j, update, result.Error)
			}
		}
		compareHostile(t, d, update, results[4], results[5])
	}
	t.Logf("%d of %d changed updates accepted", accepted, n)
	if accepted < n/50 {
		t.Errorf("only %d of %d changed updates are accepted; the test proves nothing", accepted, n)
	}
}

func compareHostile(t *testing.T, d *yjs.Doc, update []byte, in, show result) {
	t.Helper()
	if in.Pending || d.Pending() {
		return // yjs lets more wait
	}
	if v := d.StateVector(); !bytes.Equal(v, in.Vector) {
		t.Errorf("update %x: state vector %x, in Node %x", update, v, in.Vector)
	}
	var want map[string]any
	must(t, json.Unmarshal([]byte(show.JSON), &want))
	if got := d.Text("t").String(); got != want["t"] {
		t.Errorf("update %x: text %q, in Node %q", update, got, want["t"])
	}
}
