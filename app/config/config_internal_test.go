package config

import (
	"os"
	"path/filepath"
	"slices"
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
		{"--idle-look 1ms", "idle-look: 1ms would keep the server busy with looking; use 1s or more (flag --idle-look)"},
		{"--idle-look 1h", "idle-look: 1h0m0s would be too late to warn people; use 10m0s or less (flag --idle-look)"},
		{"--save-after soon", `save-after: "soon" is not a length of time`},
		{"--ping-every 1ms", "ping-every: 1ms would take slow networks for dead ones; use 200ms or more (flag --ping-every)"},
		{"--ping-every 1h", "ping-every: 1h0m0s would not notice for long that a browser is gone; use 5m0s or less"},
		{"--ping-every often", `ping-every: "often" is not a length of time`},
		{"--listen 8000", `listen: "8000" is not an address; write host:port`},
		{"--listen 0.0.0.0:8000", "listen: on 0.0.0.0:8000 passwords would cross the network in the clear"},
		{"--listen :8000", "add --insecure-http"},
		{"--listen [2001:db8::1]:8000", "add --insecure-http"},
		{"--server-address lab2.example.org", `server-address: "lab2.example.org" is not the address of a server; write one such as https://lab2`},
		{"--server-address https://ada:secret@lab2.example.org/", "is not the address of a server"},
		{"--server-address javascript:alert(1)", "is not the address of a server"},
		{"--server-name " + strings.Repeat("x", 41), "write one of at most 40 characters"},
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
		{"database", "write lyceum database status, or lyceum database copy, or lyceum database reconfigure, or"},
		{"database copy", "needs --from and --to"},
		{"database copy --from sqlite", "needs --from and --to"},
		{"database copy --from sqlite --to sqlite", "--from and --to are both sqlite; name two databases"},
		{"database copy --from mysql --to sqlite", `from: "mysql" is not a database; write sqlite, rethinkdb, or`},
		{"database copy --from sqlite:/a --to sqlite:/b/../a", "--from and --to are both sqlite:/a"},
		{"serve --from sqlite", "--from and --to are for lyceum database copy"},
		{"database leave a b", "is not complete or has too much"},
		{"database replace everything", "is not complete or has too much"},
		{"--database mysql", `database: "mysql" is not a database; write sqlite, rethinkdb, or rethinkdb://user@host1:28015,host2/name (flag --database)`},
		{"--database postgres://ada:secret@host/x", `database: "postgres://host/x" is not a database`},
		{"--database rethinkdb://ada:secret@host/x", "a password in the address can be read by everybody on the machine; put it into a file and name that with --database-password-file"},
		{"--database rethinkdb://ada@/x", "names no host or no database"},
		{"--database rethinkdb://host", "names no host or no database"},
		{"--database rethinkdb --database-shards 0", `database-shards: "0" is not a number from 1 to 64`},
		{"--database rethinkdb --database-replicas many", `database-replicas: "many" is not a number from 1 to 64`},
		{"--database-shards 2", "database-shards: is for RethinkDB, and the database is sqlite; set --database too, or leave it out (flag --database-shards)"},
		{"--database-password-file p", "database-password-file: is for --database rethinkdb://…, and the database is sqlite"},
		{"--database rethinkdb --database-ca system", "database-ca: is for --database rethinkdb://…, and the database is rethinkdb"},
		{"--database rethinkdb://h/x --join h", "join: is for --database rethinkdb, and the database is rethinkdb://h/x"},
		{"--database rethinkdb --cluster-listen lab1", `cluster-listen: "lab1" is not an address of this machine; write its number and a port, for example 192.168.1.5:29015`},
		{"--database rethinkdb --cluster-listen 10.0.0.1:many", "is not an address of this machine"},
		{"--database rethinkdb --join http://lab1", `join: "http://lab1" is not a node; write host:port`},
		{"--database rethinkdb --join lab1:99999", "is not a node"},
		{"--database rethinkdb --cluster-cert c.pem", "need all of --cluster-cert, --cluster-key and --cluster-ca"},
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

// What stands in the file of one machine is copied to the next: short forms mean
// what RethinkDB's own do.
func TestDatabasesAreReadAsTheyAreWritten(t *testing.T) {
	c, err := load(strings.Fields("--database rethinkdb --join lab1,[2001:db8::1]:1234 --cluster-listen 10.0.0.2 --cluster-secret-file /s --database-replicas 3"),
		environment("HOME", "/h"), false)
	if err != nil {
		t.Fatal(err)
	}
	d := c.Database
	if d.Where != Bundled || d.External() || !slices.Equal(d.Join, []string{"lab1:29015", "[2001:db8::1]:1234"}) ||
		d.ClusterListen != "10.0.0.2:29015" || d.SecretFile != "/s" || d.Shards != 1 || d.Replicas != 3 {
		t.Errorf("read %+v", d)
	}
	c, err = load(strings.Fields("database copy --from sqlite --to rethinkdb://ada@h1:1,h2/lyceum --database-ca system --database-replicas 3"),
		environment("HOME", "/h"), false)
	if err != nil {
		t.Fatal(err)
	}
	if c.Command != "database" || !slices.Equal(c.Args, []string{"copy"}) || c.From.Where != "sqlite" || c.Database.CA != SystemCA {
		t.Errorf("read %+v", c)
	}
}

func TestFlagsOfASideAreForAClusterOfIt(t *testing.T) {
	for args, want := range map[string]string{
		"serve --to-ca system": "--from and --to are for lyceum database copy",
		"database copy --from sqlite --to rethinkdb --to-ca system":         "to-ca: is for --to rethinkdb://…, and that is rethinkdb; leave it out (flag --to-ca)",
		"database copy --from sqlite --from-password-file p --to rethinkdb": "from-password-file: is for --from rethinkdb://…, and that is sqlite",
	} {
		if _, err := load(strings.Fields(args), environment("HOME", "/h"), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: load = %v, want %q in it", args, err, want)
		}
	}
}

// Two clusters of different people have different passwords and authorities.
func TestEachSideOfACopyIsReachedInItsWay(t *testing.T) {
	c, err := load(strings.Fields("database copy --from rethinkdb://h1/x --to rethinkdb://h2/x --database-password-file /p --database-ca /ca --to-password-file /q --from-ca system"),
		environment("HOME", "/h"), false)
	if err != nil {
		t.Fatal(err)
	}
	if from := c.At(c.From).Database; from.Where != "rethinkdb://h1/x" || from.PasswordFile != "/p" || from.CA != SystemCA {
		t.Errorf("from is reached by %+v", from)
	}
	if to := c.At(c.To).Database; to.Where != "rethinkdb://h2/x" || to.PasswordFile != "/q" || to.CA != "/ca" {
		t.Errorf("to is reached by %+v", to)
	}
	c, err = load([]string{"database", "copy", "--from", "rethinkdb://h1/x", "--to", "rethinkdb://h2/x", "--database-ca", "/ca", "--to-ca", ""},
		environment("HOME", "/h"), false)
	if err != nil || c.From.CA != "/ca" || c.To.CA != "" {
		t.Errorf("a side without TLS: %+v, %v", c, err)
	}
}

func TestCommandsOfTheDatabaseAreTaken(t *testing.T) {
	for _, words := range []string{"status", "reconfigure", "leave", "leave lab2", "replace", "replace rollback"} {
		c, err := load(strings.Fields("database "+words), environment("HOME", "/h"), false)
		if err != nil || c.Command != "database" || strings.Join(c.Args, " ") != words {
			t.Errorf("database %s: %v, %v", words, c, err)
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
