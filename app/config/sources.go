package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// value is the text of a setting and where it was found.
type value struct {
	text   string
	origin string
}

// collect finds the text of every setting that is set anywhere, the strongest
// source last.
func collect(flags map[string]string, getenv func(string) string, root bool) (map[string]value, error) {
	named := map[string]value{} // from flags and environment
	for _, s := range settings {
		if text := getenv(variable(s.name)); text != "" {
			named[s.name] = value{text, "environment " + variable(s.name)}
		}
		if text, ok := flags[s.name]; ok {
			named[s.name] = value{text, "flag --" + s.name}
		}
	}
	values, err := readFile(named["config"].text, getenv, root)
	if err != nil {
		return nil, err
	}
	maps.Copy(values, named)
	return values, nil
}

// variable returns the name of a setting in the environment.
func variable(name string) string {
	return "LYCEUM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// readFile reads the file that was asked for, or the default one if it exists.
func readFile(path string, getenv func(string) string, root bool) (map[string]value, error) {
	asked := path != ""
	if !asked {
		path = defaultFile(getenv, root)
	}
	values := map[string]value{}
	if path == "" {
		return values, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return values, nil
	}
	if err != nil {
		return nil, fmt.Errorf("config: %w; name a file that can be read, or leave --config out", err)
	}
	var lines map[string]any
	if err := toml.Unmarshal(data, &lines); err != nil {
		return nil, fmt.Errorf("config: %s is not TOML: %w; each line is a setting as in: listen = \"127.0.0.1:8000\"", path, err)
	}
	for name, v := range lines {
		if !slices.ContainsFunc(settings, func(s setting) bool { return s.name == name && name != "config" }) {
			return nil, fmt.Errorf("config: %s has a setting %q that does not exist; the settings are %s", path, name, names())
		}
		switch v.(type) {
		case string, bool, int64, float64:
		default:
			return nil, fmt.Errorf("config: %s: %s has to be one value, not a list or table; write %s = \"…\"", path, name, name)
		}
		values[name] = value{fmt.Sprint(v), "file " + path}
	}
	return values, nil
}

func names() string {
	var all []string
	for _, s := range settings {
		if s.name != "config" {
			all = append(all, s.name)
		}
	}
	return strings.Join(all, ", ")
}

// defaultFile is read when it exists and --config is not given.
func defaultFile(getenv func(string) string, root bool) string {
	if root {
		return "/etc/lyceum.toml"
	}
	return homeFolder(getenv, "XDG_CONFIG_HOME", ".config", "lyceum.toml")
}

// defaultData is where the data lies when nothing is set.
func defaultData(getenv func(string) string, root bool) string {
	if root {
		return "/var/lib/lyceum"
	}
	return homeFolder(getenv, "XDG_DATA_HOME", ".local/share", "lyceum")
}

// homeFolder follows the XDG base directory specification: the variable if it
// is absolute, else a folder below HOME; "" if there is neither.
func homeFolder(getenv func(string) string, variable, below, name string) string {
	if base := getenv(variable); filepath.IsAbs(base) {
		return filepath.Join(base, name)
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, below, name)
	}
	return ""
}
