package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A setting is one line of `lyceum config`.
type setting struct {
	name   string
	usage  string
	flag   bool // a flag without a value means true
	preset func(getenv func(string) string, root bool) string
	set    func(c *Config, text string) error
	get    func(c *Config) string
}

func preset(text string) func(func(string) string, bool) string {
	return func(func(string) string, bool) string { return text }
}

// settings are all there are, in the order of `lyceum help`.
var settings = slices.Concat(generalSettings, databaseSettings, []setting{{
	name: "config", usage: "`file` to read settings from", preset: preset(""),
	set: func(c *Config, text string) error { c.File = text; return nil },
	get: func(c *Config) string { return c.File },
}})

var generalSettings = []setting{
	{
		name: "listen", usage: "`address` to serve on", preset: preset("127.0.0.1:8000"),
		set: setListen, get: func(c *Config) string { return c.Listen },
	},
	{
		name: "data", usage: "`folder` that holds everything worth backing up", preset: defaultData,
		set: setData, get: func(c *Config) string { return c.Data },
	},
	{
		name: "base-path", usage: "`path` below which everything is served", preset: preset("/"),
		set: setBasePath, get: func(c *Config) string { return c.BasePath },
	},
	{
		name: "isolation", usage: "how projects are kept apart: `auto`, root-userns, root, unprivileged or none", preset: preset("auto"),
		set: setIsolation, get: func(c *Config) string { return c.Isolation },
	},
	{
		name: "insecure-http", usage: "serve plain HTTP beyond this machine too", flag: true, preset: preset("false"),
		set: setInsecureHTTP, get: func(c *Config) string { return strconv.FormatBool(c.InsecureHTTP) },
	},
	{
		// A million from 1,900,000,000: beyond what Debian's useradd and subuid
		// give away, and no id is ever used for a second project.
		name: "project-uids", usage: "user ids for projects, as `first:count`; needs root", preset: preset("1900000000:1000000"),
		set: setProjectUIDs, get: func(c *Config) string { return c.ProjectUIDs.String() },
	},
	{
		name: "save-after", usage: "`pause` in typing after which a document is written to disk", preset: preset("1s"),
		set: setSaveAfter, get: func(c *Config) string { return c.SaveAfter.String() },
	},
	{
		name: "idle-look", usage: "how often it is looked whether a project is idle, an `interval`", preset: preset("1m"),
		set: setIdleLook, get: func(c *Config) string { return c.IdleLook.String() },
	},
	{
		name: "ping-every", usage: "how often a silent connection is used, an `interval` below that after which a proxy closes it", preset: preset("25s"),
		set: setPingEvery, get: func(c *Config) string { return c.PingEvery.String() },
	},
	{
		name: "metrics-listen", usage: "`address` to serve figures for Prometheus on, at /metrics; none by default", preset: preset(""),
		set: setMetricsListen, get: func(c *Config) string { return c.Metrics },
	},
	{
		name: "server-name", usage: "`name` of this server where several share a database; by default the machine's", preset: preset(""),
		set: setServerName, get: func(c *Config) string { return c.ServerName },
	},
	{
		name: "server-address", usage: "`URL` at which browsers reach this server; other servers on its database send people there", preset: preset(""),
		set: setServerAddress, get: func(c *Config) string { return c.ServerAddress },
	},
}

func setListen(c *Config, text string) error {
	if _, port, err := net.SplitHostPort(text); err != nil || port == "" {
		return fmt.Errorf("%q is not an address; write host:port, for example 127.0.0.1:8000", text)
	}
	c.Listen = text
	return nil
}

func setMetricsListen(c *Config, text string) error {
	if _, port, err := net.SplitHostPort(text); text != "" && (err != nil || port == "") {
		return fmt.Errorf("%q is not an address; write host:port, for example 127.0.0.1:9100, or nothing for none", text)
	}
	c.Metrics = text
	return nil
}

// maxServerName leaves room for an address in one sentence with it, of 123 bytes
// where it closes a terminal's socket.
const maxServerName = 40

func setServerName(c *Config, text string) error {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxServerName || strings.ContainsFunc(text, unprintable) {
		return fmt.Errorf("%q is not a name; write one of at most %d characters on one line, such as lab-2", text, maxServerName)
	}
	c.ServerName = strings.TrimSpace(text)
	return nil
}

// maxServerAddress is what a row of servers takes.
const maxServerAddress = 500

func setServerAddress(c *Config, text string) error {
	if text == "" {
		c.ServerAddress = ""
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(text) >= maxServerAddress {
		return fmt.Errorf("%q is not the address of a server; write one such as https://lab2.example.org/", text)
	}
	c.ServerAddress = strings.TrimRight(u.String(), "/") + "/"
	return nil
}

func setData(c *Config, text string) error {
	if text == "" {
		return errors.New("neither HOME nor XDG_DATA_HOME is set, so there is no folder to take; name one with --data")
	}
	path, err := filepath.Abs(text)
	if err != nil {
		return fmt.Errorf("%q is not a path that can be made absolute; write one that begins with /", text)
	}
	c.Data = path
	return nil
}

func setBasePath(c *Config, text string) error {
	if strings.ContainsAny(text, "?#%\\\"'<> ") || strings.Contains(text, "//") || strings.Contains(text, "..") {
		return fmt.Errorf("%q is not a path; write one such as /lyceum/", text)
	}
	c.BasePath = "/" + strings.Trim(text, "/") + "/"
	if c.BasePath == "//" {
		c.BasePath = "/"
	}
	return nil
}

func setIsolation(c *Config, text string) error {
	if !slices.Contains(Isolations, text) {
		return fmt.Errorf("%q is not a way to isolate projects; write one of %s", text, strings.Join(Isolations, ", "))
	}
	c.Isolation = text
	return nil
}

func setInsecureHTTP(c *Config, text string) (err error) {
	if c.InsecureHTTP, err = strconv.ParseBool(text); err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	return nil
}

// firstUID is the lowest id that a range may have: below it are the ids of
// people and services of the machine.
const firstUID = 100_000

func setProjectUIDs(c *Config, text string) error {
	first, count, found := strings.Cut(text, ":")
	from, err1 := strconv.ParseUint(first, 10, 32)
	n, err2 := strconv.ParseUint(count, 10, 32)
	if !found || err1 != nil || err2 != nil || n == 0 {
		return fmt.Errorf("%q is not a range; write first:count, for example 1900000000:1000000", text)
	}
	if from < firstUID || from+n > 1<<31 {
		return fmt.Errorf("%q reaches ids that others may have; stay between %d and %d", text, firstUID, 1<<31-1)
	}
	c.ProjectUIDs = UIDRange{First: uint32(from), Count: uint32(n)}
	return nil
}

// Bounds of save-after.
const (
	minSaveAfter = 100 * time.Millisecond // below, the disk is written with every key
	maxSaveAfter = time.Minute            // above, a program that reads the file is far behind
)

func setSaveAfter(c *Config, text string) error {
	pause, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a length of time; write for example 1s or 500ms", text)
	case pause < minSaveAfter:
		return fmt.Errorf("%v would write the disk with every key; use %v or more", pause, minSaveAfter)
	case pause > maxSaveAfter:
		return fmt.Errorf("%v would leave the file behind for too long; use %v or less", pause, maxSaveAfter)
	}
	c.SaveAfter = pause
	return nil
}

// Bounds of idle-look.
const (
	minIdleLook = time.Second      // below, looking is what the server does
	maxIdleLook = 10 * time.Minute // above, people are not warned in time
)

func setIdleLook(c *Config, text string) error {
	interval, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a length of time; write for example 1m or 30s", text)
	case interval < minIdleLook:
		return fmt.Errorf("%v would keep the server busy with looking; use %v or more", interval, minIdleLook)
	case interval > maxIdleLook:
		return fmt.Errorf("%v would be too late to warn people; use %v or less", interval, maxIdleLook)
	}
	c.IdleLook = interval
	return nil
}

// Bounds of ping-every.
const (
	minPingEvery = 200 * time.Millisecond // below, a browser on a slow network looks dead
	maxPingEvery = 5 * time.Minute        // above, it takes very long until a dead one is noticed
)

func setPingEvery(c *Config, text string) error {
	interval, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a length of time; write for example 25s", text)
	case interval < minPingEvery:
		return fmt.Errorf("%v would take slow networks for dead ones; use %v or more", interval, minPingEvery)
	case interval > maxPingEvery:
		return fmt.Errorf("%v would not notice for long that a browser is gone; use %v or less", interval, maxPingEvery)
	}
	c.PingEvery = interval
	return nil
}

// validate checks what concerns several settings.
func (c *Config) validate() error {
	if err := c.validateDatabase(); err != nil {
		return err
	}
	if c.InsecureHTTP {
		return nil
	}
	if !onLoopback(c.Listen) {
		return fmt.Errorf("listen: on %s passwords would cross the network in the clear, since this server has no TLS; "+
			"listen on 127.0.0.1 behind a proxy that has it, or add --insecure-http if the whole network is trusted (%s)",
			c.Listen, c.origins["listen"])
	}
	if c.Metrics != "" && !onLoopback(c.Metrics) {
		return fmt.Errorf("metrics-listen: on %s everybody in the network could read the figures, which need no sign-in; "+
			"listen on 127.0.0.1 and let Prometheus come through a tunnel or a proxy, or add --insecure-http if the whole network is trusted (%s)",
			c.Metrics, c.origins["metrics-listen"])
	}
	return nil
}

// onLoopback reports whether only this machine reaches an address that setListen
// has read.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
