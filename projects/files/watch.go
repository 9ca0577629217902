package files

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"

	"lyceum/app"
)

// Watch calls send with Ready once it watches, then for every change of the
// paths, until ctx or send ends it. Changes of one burst are told once. Folders
// are watched, not files: so a file that is replaced by a rename, or is not there
// yet, is seen too.
func (f *Folder) Watch(ctx context.Context, paths []string, send func(Event) error) error {
	if len(paths) > maxWatched {
		return app.Errorf(app.TooLarge, "At most %d files and folders can be watched at once.", maxWatched)
	}
	defer f.watches.Add(-1)
	if f.watches.Add(1) > maxWatches {
		return app.Errorf(app.Unavailable, "Too many watch the files of this project already. Please try again later.")
	}
	w := &watch{folder: f, names: map[string]string{}, dirty: map[string]bool{}}
	for _, shown := range paths {
		name, err := existing(shown)
		if err != nil {
			return err
		}
		w.names[shown] = name
	}
	var err error
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		return explainWatch(err)
	}
	defer w.notify.Close()
	if err := w.look(); err != nil {
		return explainWatch(err)
	}
	if err := send(Event{Ready: true}); err != nil {
		return err
	}
	return w.run(ctx, send)
}

func explainWatch(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EMFILE) {
		return app.Explain(err, app.Unavailable, "The project watches too many folders at once (inotify). Please end programs that do, or ask the administrator to raise fs.inotify.max_user_watches.")
	}
	return app.Explain(err, app.Internal, "The files of the project could not be watched.")
}

// watch is one Watch.
type watch struct {
	folder *Folder
	notify *fsnotify.Watcher
	names  map[string]string // real names of the paths, as they are shown

	interests map[string][]interest // by folder, relative to home
	dirty     map[string]bool       // paths to be told
	moved     []string              // folders that came or went: what is below is looked at anew
	all       bool
}

// interest is why a folder is watched.
type interest struct {
	shown string // the path that is told
	base  string // the entry that matters; "" for every one
	above bool   // the entry is a folder above the path
}

// look works out which folders matter and watches them, those above each path
// too: a folder that is moved or made again takes its files with it.
func (w *watch) look() error {
	w.interests = map[string][]interest{}
	for shown, name := range w.names {
		w.lookAlong(shown, name)
		if leads, err := w.folder.follow(name); err == nil && leads != name {
			w.lookAlong(shown, path.Clean(leads)) // what a link leads to
		}
	}
	watched := map[string]bool{}
	for _, dir := range w.notify.WatchList() {
		watched[dir] = true
	}
	for dir := range w.interests {
		full := w.full(dir)
		if info, err := w.folder.root.Stat(dir); err != nil || !info.IsDir() {
			continue // not there, or it leads out
		}
		if !watched[full] {
			if err := w.notify.Add(full); err != nil && !gone(err) {
				return err
			}
		}
		delete(watched, full)
	}
	for full := range watched {
		if err := w.notify.Remove(full); err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

// gone says that a folder went while it was looked at, which its parent tells.
func gone(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EINVAL) ||
		errors.Is(err, fsnotify.ErrNonExistentWatch)
}

func (w *watch) lookAlong(shown, name string) {
	if info, err := w.folder.root.Stat(name); err == nil && info.IsDir() {
		w.interests[name] = append(w.interests[name], interest{shown: shown})
	}
	for n, above := name, false; n != "." && n != "/" && n != ".."; n, above = path.Dir(n), true {
		dir := path.Dir(n)
		w.interests[dir] = append(w.interests[dir], interest{shown, path.Base(n), above})
	}
}

func (w *watch) full(dir string) string { return path.Join(w.folder.home, dir) }

// relative is the reverse of full.
func (w *watch) relative(full string) string {
	if full == w.folder.home {
		return "."
	}
	return strings.TrimPrefix(full, w.folder.home+"/")
}

func (w *watch) run(ctx context.Context, send func(Event) error) error {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	var latest time.Time // of telling what is dirty; zero: nothing is
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-w.notify.Events:
			if !ok {
				return explainWatch(fsnotify.ErrClosed)
			}
			w.event(e)
		case err := <-w.notify.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return explainWatch(err)
			}
			w.all = true // events were lost
		case <-timer.C:
			latest = time.Time{}
			if err := w.tell(send); err != nil {
				return err
			}
		}
		if len(w.dirty) == 0 && !w.all {
			continue
		}
		if latest.IsZero() {
			latest = time.Now().Add(settleMax)
		}
		timer.Reset(max(0, min(settleTime, time.Until(latest))))
	}
}

// event notes which paths an event concerns.
func (w *watch) event(e fsnotify.Event) {
	name := w.relative(e.Name)
	if strings.HasPrefix(path.Base(name), reserved) {
		return // a save on its way; its end is an event of the document
	}
	const came = fsnotify.Create | fsnotify.Remove | fsnotify.Rename
	structural := e.Op&came != 0
	for _, i := range w.interests[path.Dir(name)] {
		if i.base != "" && i.base != path.Base(name) || i.above && !structural {
			continue
		}
		w.dirty[i.shown] = true
		if structural && i.base != "" {
			w.moved = append(w.moved, name)
		}
	}
}

// tell sends what is dirty, after looking anew where folders came or went.
func (w *watch) tell(send func(Event) error) error {
	if len(w.moved) > 0 || w.all {
		for _, full := range w.notify.WatchList() {
			dir := w.relative(full)
			// The path may be another folder's by now.
			if slices.ContainsFunc(w.moved, func(m string) bool { return dir == m || strings.HasPrefix(dir, m+"/") }) {
				if err := w.notify.Remove(full); err != nil && !gone(err) {
					return explainWatch(err)
				}
			}
		}
		w.moved = nil
		if err := w.look(); err != nil {
			return explainWatch(err)
		}
	}
	dirty, all := slices.Sorted(maps.Keys(w.dirty)), w.all
	clear(w.dirty)
	w.all = false
	if all {
		return send(Event{All: true})
	}
	for _, shown := range dirty {
		if err := send(Event{Path: shown}); err != nil {
			return err
		}
	}
	return nil
}
