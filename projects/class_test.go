package projects_test

import (
	"fmt"
	"testing"

	"lyceum/app"
	"lyceum/projects/sandbox"
)

// A class in which one runs a fork bomb, one eats memory, one fills the disk and
// one prints without end: the others' projects start meanwhile, and their shells
// go on.
func TestAClassWithFourVillainsGoesOn(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	const others, lines = 6, 20
	w := newWorld(t, sandbox.Auto)
	s := w.enter()
	for i, line := range []string{
		":(){ :|:& };:", "while :; do tail /dev/zero; done",
		"while :; do for i in 1 2; do head -c 100M /dev/zero > full$i; done; done", "yes",
	} {
		id := fmt.Sprintf("villain%d", i)
		w.project(id, nil)
		c, err := s.Client(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		sh := openShell(t, c, app.NewID())
		sh.until(`\$ `)
		sh.enter(line)
		if line == "yes" { // somebody reads it all
			go func() {
				for {
					if _, _, err := sh.conn.ReadMessage(); err != nil {
						return // the end of the test closes it
					}
				}
			}()
		}
	}
	t.Run("others", func(t *testing.T) {
		for i := range others {
			id := fmt.Sprintf("student%d", i)
			w.project(id, nil)
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				c, err := s.Client(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				sh := openShell(t, c, app.NewID())
				for n := range lines {
					sh.enter(fmt.Sprintf("echo he''re%d", n))
					sh.until(fmt.Sprintf("here%d\r", n))
				}
				if _, err := c.List(t.Context(), ""); err != nil {
					t.Errorf("files are not listed: %v", err)
				}
			})
		}
	})
}
