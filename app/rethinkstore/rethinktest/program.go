package rethinktest

import (
	"context"
	"fmt"
	"testing"
)

// Run starts a server in a program that is no test: one that tests start, or a
// benchmark. end ends it. A method that cannot do its part panics.
func Run(o Options) (s *Server, end func(), err error) {
	p := &program{}
	defer func() {
		switch failed := recover().(type) {
		case nil:
		case failure:
			err = failed
			p.end()
		default:
			panic(failed)
		}
	}()
	return Start(p, o), p.end, nil
}

// failure is what a program's server could not do.
type failure struct{ error }

// program stands in for a test: of testing.TB it has what Server uses, and the
// rest is nil.
type program struct {
	testing.TB
	cleanups []func()
}

func (p *program) Helper()          {}
func (p *program) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

// Context is that of the program, which has none: it waits for what it asks for.
func (p *program) Context() context.Context { return context.Background() }

func (p *program) Errorf(format string, args ...any) {
	panic(failure{fmt.Errorf(format, args...)})
}
func (p *program) Fatalf(format string, args ...any) {
	panic(failure{fmt.Errorf(format, args...)})
}

func (p *program) end() {
	for _, f := range p.cleanups {
		f()
	}
	p.cleanups = nil
}
