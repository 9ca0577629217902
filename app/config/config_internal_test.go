package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lyceum.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An operator who sets a flag for one run must not be overruled by the file.
func TestFlagWinsOverEnvironmentWhichWinsOverTheFile(t *testing.T) {
	path := file(t, "listen = \"127.0.0.1:1\"\nbase-path = \"one\"\nsave-after = \"2s\"\ninsecure-http = true\n")
	getenv := environment("HOME", "/home/ada", "LYCEUM_LISTEN", "127.0.0.1:2", "LYCEUM_BASE_PATH", "/two")
	c, err := load([]string{"--listen", "127.0.0.1:3", "config", "--config", path}, getenv, false)
	if err != nil {
		t.Fatal(err)
	}
	if c.Command != "config" || c.Listen != "127.0.0.1:3" || c.BasePath != "/two/" ||
		c.SaveAfter != 2*time.Second || !c.InsecureHTTP || c.Data != "/home/ada/.local/share/lyceum" {
		t.Errorf("loaded %+v", c)
	}
	for name, origin := range map[string]string{
		"listen": "flag --listen", "base-path": "environment LYCEUM_BASE_PATH",
		"save-after": "file " + path, "data": "default",
	} {
		if c.origins[name] != origin {
			t.Errorf("origin of %s is %q, want %q", name, c.origins[name], origin)
		}
	}
}

func TestDefaultsFollowTheUser(t *testing.T) {
	tests := []struct {
		name   string
		getenv func(string) string
		root   bool
		data   string
	}{
		{"root", environment("HOME", "/home/ada"), true, "/var/lib/lyceum"},
		{"user", environment("HOME", "/home/ada"), false, "/home/ada/.local/share/lyceum"},
		{"user with XDG", environment("HOME", "/home/ada", "XDG_DATA_HOME", "/big"), false, "/big/lyceum"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := load(nil, test.getenv, test.root)
			if err != nil {
				t.Fatal(err)
			}
			if c.Command != "serve" || c.Data != test.data || c.Listen != "127.0.0.1:8000" {
				t.Errorf("loaded %+v", c)
			}
		})
	}
}

// A refused value names the setting, where it is, and what to write instead.
func TestRefusalsNameTheSettingAndAWayOut(t *testing.T) {
	tests := []struct {
		args string
		want string
	}{
		{"--save-after 1ms", "save-after: 1ms would write the disk with every key; use 100ms or more (flag --save-after)"},
		{"--save-after soon", `save-after: "soon" is not a length of time`},
		{"--ping-every 1ms", "ping-every: 1ms would take slow networks for dead ones; use 200ms or more (flag --ping-every)"},
		{"--ping-every 1h", "ping-every: 1h0m0s would not notice for long that a browser is gone; use 5m0s or less"},
		{"--ping-every often", `ping-every: "often" is not a length of time`},
		{"--listen 8000", `listen: "8000" is not an address; write host:port`},
		{"--listen 0.0.0.0:8000", "listen: on 0.0.0.0:8000 passwords would cross the network in the clear"},
		{"--listen :8000", "add --insecure-http"},
		{"--listen [2001:db8::1]:8000", "add --insecure-http"},
		{"--metrics-listen 9100", `metrics-listen: "9100" is not an address; write host:port`},
		{"--metrics-listen 0.0.0.0:9100", "metrics-listen: on 0.0.0.0:9100 everybody in the network could read the figures"},
		{"--metrics-listen :9100", "or add --insecure-http if the whole network is trusted (flag --metrics-listen)"},
		{"--isolation docker", `isolation: "docker" is not a way to isolate projects; write one of auto, root-userns`},
		{"--insecure-http=maybe", `insecure-http: "maybe" is neither true nor false`},
		{"--base-path /a/../b", "base-path:"},
		{"--project-uids 0:1000", `project-uids: "0:1000" reaches ids that others may have`},
		{"--project-uids 4000000000:10", "reaches ids that others may have"},
		{"--project-uids many", "write first:count"},
		{"--colour red", "flag provided but not defined: --colour; lyceum help lists the flags"},
		{"swim", `there is no command "swim"; lyceum help lists them`},
		{"admin", "write lyceum admin link EMAIL"},
		{"admin link", "write lyceum admin link EMAIL"},
		{"version now", "write lyceum version"},
		{"--config /nowhere/lyceum.toml", "config: open /nowhere/lyceum.toml"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			_, err := load(strings.Fields(test.args), environment("HOME", "/home/ada"), false)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("load = %v, want %q in it", err, test.want)
			}
		})
	}
}

// A misspelt line of the file would otherwise be a setting that has no effect.
func TestUnknownLinesOfTheFileAreRefusedByName(t *testing.T) {
	for text, want := range map[string]string{
		"lisen = \"127.0.0.1:1\"": `a setting "lisen" that does not exist; the settings are listen, data,`,
		"config = \"x\"":          `a setting "config" that does not exist`,
		"listen = [1]":            "listen has to be one value",
		"listen = ":               "is not TOML",
	} {
		_, err := load([]string{"--config", file(t, text)}, environment("HOME", "/h"), false)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: load = %v, want %q in it", text, err, want)
		}
	}
}

func TestBeyondLoopbackIsAllowedWhenItIsWanted(t *testing.T) {
	for _, args := range [][]string{
		{"--listen", "0.0.0.0:80", "--insecure-http"}, {"--listen", "localhost:80"}, {"--listen", "[::1]:80"},
	} {
		if _, err := load(args, environment("HOME", "/h"), false); err != nil {
			t.Errorf("load %q: %v", args, err)
		}
	}
}

func TestUsageNamesEverySettingAndCommand(t *testing.T) {
	text := Usage()
	for _, s := range settings {
		if !strings.Contains(text, "--"+s.name) {
			t.Errorf("usage does not name --%s", s.name)
		}
	}
	for _, c := range Commands {
		if !strings.Contains(text, c.Name) {
			t.Errorf("usage does not name %s", c.Name)
		}
	}
}
