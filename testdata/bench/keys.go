package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lyceum/app"
)

const (
	// keyEvery is the pause between two keys of a person: fast typing.
	keyEvery = 200 * time.Millisecond
	// keysEach is how many keys each presses: ten seconds.
	keysEach = 50
	// class is how many people there are at most.
	class = 50
	// syncRuns is how often the peer is measured.
	syncRuns = 200
)

// keys measures the way of a key to the others in a document.
func (l *lab) keys(ctx context.Context) error {
	people, err := l.invite(ctx, class-1)
	if err != nil {
		return err
	}
	people = append(people, l.ada)
	peer, err := l.syncs()
	if err != nil {
		return err
	}
	for _, c := range []struct {
		people, documents int
		what              string
	}{{2, 1, "2 people in one document"}, {class, 10, "50 people in 10 documents"}} {
		ours, err := l.typing(ctx, people[:c.people], c.documents)
		if err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		for _, p := range []int{50, 99} {
			l.table.against(fmt.Sprintf("key to another's socket, %s, p%d of %d", c.what, p, len(ours)),
				milliseconds(ours.percentile(p)), milliseconds(peer.percentile(p)), "append and fsync")
		}
	}
	return nil
}

// invite makes accounts that may edit in the project.
func (l *lab) invite(ctx context.Context, n int) ([]*person, error) {
	made, err := l.tab.set("registration_tokens", app.Row{"id": "new", "max_uses": int64(n)})
	if err != nil {
		return nil, err
	}
	link, _ := made["link"].(string)
	_, token, _ := strings.Cut(link, "#token=")
	people := make([]*person, n)
	for i := range people {
		p, err := l.server.signUp(ctx, token, fmt.Sprintf("Person%d", i))
		if err != nil {
			return nil, err
		}
		_, err = l.tab.set("members", app.Row{"project_id": l.project, "email_address": p.email, "role": "editor"})
		if err != nil {
			return nil, err
		}
		people[i] = p
	}
	return people, nil
}

// typing lets people type, spread over documents, and returns how long each key
// took to each other person in the document.
func (l *lab) typing(ctx context.Context, people []*person, documents int) (samples, error) {
	rooms := make([]*room, documents)
	for i := range rooms {
		path := fmt.Sprintf("people%d-%d.tex", len(people), i)
		if err := l.ada.upload(ctx, l.project, path, strings.NewReader("\\section{Text}\n")); err != nil {
			return nil, err
		}
		rooms[i] = &room{project: l.project, path: path, epoch: time.Now()}
	}
	var typists []*typist
	for i, p := range people {
		t, err := rooms[i%documents].enter(ctx, p)
		if err != nil {
			return nil, err
		}
		defer t.tab.close()
		typists = append(typists, t)
	}
	var all sync.WaitGroup
	failed := make([]error, 2*len(typists))
	begin := time.Now().Add(keyEvery)
	for i, t := range typists {
		phase := keyEvery * time.Duration(i) / time.Duration(len(typists)) // nobody keeps time with others
		all.Go(func() { failed[2*i] = t.read() })
		all.Go(func() { failed[2*i+1] = t.press(begin.Add(phase)) })
	}
	all.Wait()
	var seen samples
	for _, t := range typists {
		seen = append(seen, t.seen...)
	}
	return seen, errors.Join(failed...)
}

// syncs measures what durable means on this disk.
func (l *lab) syncs() (took samples, err error) {
	f, err := os.Create(filepath.Join(l.folder, "sync"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	page := make([]byte, 4<<10)
	for range syncRuns {
		begin := time.Now()
		if _, err := f.Write(page); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}
