// Package files lets the files of one project be listed, moved, carried and
// edited.
package files

// Folder is the home of a project.
type Folder struct{}

// OpenFolder opens the home at the absolute path home.
func OpenFolder(home string) (*Folder, error) { panic("not yet") }

// Close releases the home.
func (f *Folder) Close() error { panic("not yet") }
