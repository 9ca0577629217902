package stage

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// openScript asks the agent to open files in the page. It is a script because
// the agent's own program cannot be seen in the sandbox, and a second one would
// cost each project its size.
//
//go:embed open.sh
var openScript []byte

// WriteCommands writes what a shell in a terminal of a page can call beyond the
// host's programs. What is there is left as it is.
func WriteCommands(folder string) error {
	name := filepath.Join(folder, "open")
	if err := os.WriteFile(name, openScript, 0o555); err != nil && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("write the command open: %w", err)
	}
	// Programs that want to show something look for this name.
	if err := os.Symlink("open", filepath.Join(folder, "xdg-open")); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("link the command open: %w", err)
	}
	return nil
}
