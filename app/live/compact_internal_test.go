package live

import (
	"fmt"
	"reflect"
	"testing"

	"lyceum/app"
)

// Rows are moved together while others write and read: nobody notices.
func TestCompactedLogSaysTheSame(t *testing.T) {
	log := newLogTest(t, 3*compactedAtOnce)
	r := log.log.Reader([]string{"p=a"}, func() {})
	defer r.Close()
	for i := range 2*compactedAtOnce + 5 {
		log.put(fmt.Sprint("r", i), []string{"a", "b"}[i%2])
	}
	first := log.log.entries[0]
	before := first.change.New
	log.log.Compact()
	before["changed"] = true
	if want := (app.Row{"p": "a"}); !reflect.DeepEqual(first.change.New, want) || first.change.Old != nil {
		t.Errorf("the copy is %v, was %v", first.change.New, first.change.Old)
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range 3 * compactedAtOnce {
			log.put(fmt.Sprint("later", i), "b")
		}
	}()
	log.log.Compact()
	<-written
	n := log.n
	log.put("last", "b")
	log.log.Compact()
	late := log.log.Reader([]string{"p=b"}, func() {})
	defer late.Close()
	if err := late.Seek(app.Position{Log: "l", N: n}); err != nil {
		t.Fatal(err)
	}
	entries, _, err := late.Next()
	if err != nil || len(entries) != 1 || !reflect.DeepEqual(entries[0].New, app.Row{"p": "b"}) {
		t.Errorf("after it the log says %v, %v", entries, err)
	}
}
