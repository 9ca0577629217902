package agent

import (
	"sync"

	"lyceum/terminal"
)

// watcherQueue is how many changes a watcher may be behind. Shells start and end
// at the pace of people; who is further behind is cut off and reads all again.
const watcherQueue = 256

// watchers tells changes of terminals to those who watch.
type watchers struct {
	mu  sync.Mutex
	all map[chan terminal.Info]bool
}

func newWatchers() *watchers { return &watchers{all: make(map[chan terminal.Info]bool)} }

// add returns the changes from now on; the channel is closed when its reader is
// too slow.
func (w *watchers) add() (<-chan terminal.Info, func()) {
	queue := make(chan terminal.Info, watcherQueue)
	w.mu.Lock()
	w.all[queue] = true
	w.mu.Unlock()
	return queue, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, queue)
	}
}

// changed never blocks.
func (w *watchers) changed(info terminal.Info) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for queue := range w.all {
		select {
		case queue <- info:
		default:
			delete(w.all, queue)
			close(queue)
		}
	}
}
