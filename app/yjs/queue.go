package yjs

import "sort"

// queue is the structs of one client that are being integrated.
type queue struct {
	client uint64
	items  []*item
	next   int
	blocks int // index of the first struct that cannot be applied yet
}

func (q *queue) empty() bool { return q.next >= len(q.items) }

// entry is a struct in a queue.
type entry struct {
	queue *queue
	index int
}

func (q *queue) pop() entry {
	q.next++
	return entry{q, q.next - 1}
}

// integration applies the structs of several clients in an order in which each
// finds what it depends on.
type integration struct {
	tx     *transaction
	queues []queue // the lowest client first
	stack  []entry // each depends on the one after it
}

// integrateAll applies structs, the highest client first, and returns those that
// must wait. The order is that of Yjs, because structs are joined differently
// after another one.
func (tx *transaction) integrateAll(sections []section) (rest []section) {
	var one [1]queue // most updates are of one client
	run := integration{tx: tx, queues: one[:0]}
	for i := len(sections) - 1; i >= 0; i-- {
		run.queues = append(run.queues, queue{sections[i].client, sections[i].items, 0, -1})
	}
	for i := len(run.queues) - 1; i >= 0; i-- {
		for q := &run.queues[i]; !q.empty(); {
			run.apply(q.pop())
		}
	}
	for i := len(run.queues) - 1; i >= 0; i-- {
		if q := &run.queues[i]; q.blocks >= 0 {
			rest = append(rest, section{q.client, q.items[q.blocks:]})
		}
	}
	return rest
}

// apply integrates a struct after all that it depends on.
func (run *integration) apply(head entry) {
	d := run.tx.doc
	for run.tx.refused == nil {
		if run.tx.tired() {
			run.block(head)
			return
		}
		it := head.queue.items[head.index]
		if it.content.kind != kindSkip {
			state := d.state(it.id.Client)
			if state < it.id.Clock {
				run.block(head)
				return
			}
			client, missing := d.missing(it)
			switch {
			case missing && it.end() > state:
				q := run.find(client)
				if q == nil || q.empty() {
					run.block(head)
					return
				}
				run.stack = append(run.stack, head)
				head = q.pop()
				continue
			case missing: // there already, its neighbours forgotten
			case it.end() > state:
				run.tx.integrate(it, state-it.id.Clock)
			default:
				run.tx.cut(it)
			}
		}
		n := len(run.stack)
		if n == 0 {
			return
		}
		head = run.stack[n-1]
		run.stack = run.stack[:n-1]
	}
}

func (run *integration) find(client uint64) *queue {
	i := sort.Search(len(run.queues), func(i int) bool { return run.queues[i].client >= client })
	if i < len(run.queues) && run.queues[i].client == client {
		return &run.queues[i]
	}
	return nil
}

// block lets head wait, and all that depend on it, with what comes after them.
func (run *integration) block(head entry) {
	for _, e := range append(run.stack, head) {
		q := e.queue
		if q.blocks < 0 || e.index < q.blocks {
			q.blocks = e.index
		}
		q.next = len(q.items)
	}
	run.stack = run.stack[:0]
}
