package files

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A save waits a moment for a program that is in the middle of writing what it
// displaces: what it has cut off would be taken for a deletion.
func TestD9ASaveWaitsForAProgramThatIsWriting(t *testing.T) {
	home := crashHomeFor(t)
	f, err := OpenFolder(home)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	program, err := os.OpenFile(filepath.Join(home, "doc"), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	f.step = func(step string) {
		if step != "look at what was displaced" {
			return
		}
		go func() { // the test waits for closed
			<-time.After(quietTime / 10) // the program computes
			if _, err := program.WriteString("by a program"); err != nil {
				t.Error(err)
			}
			closed <- program.Close()
		}()
	}
	w, err := f.WriteDocument(t.Context(), "doc", []byte(crashData), Expect{Hashes: [][]byte{keyHash(crashBefore)}})
	if err != nil || w.Left == nil || string(w.Left.Data) != "by a program" {
		t.Errorf("the save has displaced %+v, %v", w.Left, err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
