package web

import (
	"sync"

	"lyceum/app"
)

// Bounds of open WebSockets, of tables and terminals together.
const (
	// maxSocketsOfAccount are some dozens of tabs with some terminals each.
	maxSocketsOfAccount = 200
	// maxSocketsOfAddress is for who has not signed in: a school behind one
	// address, all at the sign-in page.
	maxSocketsOfAddress = 1000
)

// gate counts who has how many sockets, or requests under way. The zero gate is
// ready.
type gate struct {
	mu   sync.Mutex
	open map[string]int
}

// enter lets one more in, until leave is called.
func (g *gate) enter(caller app.Caller, address string) (leave func(), err error) {
	most := maxSocketsOfAccount
	if !caller.SignedIn() {
		most = maxSocketsOfAddress
	}
	leave, ok := g.take(who(caller, address), most)
	if !ok {
		return nil, app.Errorf(app.TooLarge, "You have %d connections open, which is the most. Please close some tabs.", most)
	}
	return leave, nil
}

// who is the name under which somebody is counted.
func who(caller app.Caller, address string) string {
	if caller.SignedIn() {
		return caller.AccountID
	}
	return "address " + address
}

// take counts one more of who, until leave is called; not ok if there are most.
func (g *gate) take(who string, most int) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[who] >= most {
		return nil, false
	}
	if g.open == nil {
		g.open = map[string]int{}
	}
	g.open[who]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.open[who]--
		if g.open[who] == 0 {
			delete(g.open, who)
		}
	}, true
}
