package rethinkdbtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// stopTime is how long a stand-in takes to end after SIGTERM: long enough that a
// start before its end is seen to fail.
const stopTime = 300 * time.Millisecond

// VersionText is what the stand-in answers to --version.
const VersionText = "rethinkdb 2.4.4~standin (GCC 12.2.0)"

// Main is the program. It does not return.
func Main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(VersionText)
		os.Exit(0)
	}
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serve(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	fmt.Printf("Running %s...\n", VersionText)
	lock, err := occupy(o.one("directory"))
	if err != nil {
		return err
	}
	defer lock.Close() // the process ends
	fmt.Printf("Loading data from directory %s\n", o.one("directory"))
	cluster, err := listenCluster(o)
	if err != nil {
		return err
	}
	fmt.Printf("Listening for intracluster connections on port %s\n", portOf(cluster))
	if err := join(o); err != nil {
		return err
	}
	disk, w, err := enter(o)
	if err != nil {
		return err
	}
	defer disk.Close() // the process ends
	driver, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", o.one("driver-port")))
	if err != nil {
		return inUse(err, o.one("driver-port"))
	}
	fmt.Printf("Listening for client driver connections on port %s\n", portOf(driver))
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go relay(driver, w.Address)
	fmt.Printf("Server ready, %q 00000000-0000-4000-8000-000000000000\n", w.Name)
	got := <-ended
	fmt.Printf("Server got %v; shutting down...\n", got)
	_ = driver.Close()  // the process ends
	_ = cluster.Close() // the same
	<-time.After(stopTime)
	return nil
}

// occupy makes the directory and locks it.
func occupy(directory string) (*os.File, error) {
	if err := os.Mkdir(directory, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, says("Could not create directory: %v", err)
	}
	lock, err := os.OpenFile(filepath.Join(directory, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(says("Directory '%s' is already in use, perhaps by another rethinkdb process", directory), lock.Close())
	}
	return lock, nil
}

func inUse(err error, port string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return says("The address at localhost:%s is reserved or already in use.", port)
	}
	return err
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String()) // it is one
	return port
}

// enter finds the disk and says that this node is there.
func enter(o options) (net.Conn, welcome, error) {
	var w welcome
	path, err := findDisk(o.one("directory"))
	if err != nil {
		return nil, w, err
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, w, err
	}
	h := hello{Directory: o.one("directory"), Password: o.one("initial-password"), Joins: len(o["join"]) > 0}
	if err := json.NewEncoder(conn).Encode(h); err != nil {
		return nil, w, err
	}
	if err := json.NewDecoder(conn).Decode(&w); err != nil {
		return nil, w, err
	}
	if w.Error != "" {
		return nil, w, errors.New(w.Error)
	}
	return conn, w, nil
}

func findDisk(folder string) (string, error) {
	for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if text, err := os.ReadFile(filepath.Join(folder, diskFile)); err == nil {
			return string(text), nil
		}
	}
	return "", fmt.Errorf("rethinkdbtest: no folder above has a file %s", diskFile)
}

// relay carries what drivers say to the node and back.
func relay(l net.Listener, node string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			server, err := net.Dial("tcp", node)
			if err != nil {
				return
			}
			defer server.Close()
			var end sync.Once
			cut := func() {
				_ = client.Close()
				_ = server.Close()
			}
			var ways sync.WaitGroup
			for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
				ways.Go(func() {
					_, _ = io.Copy(way[0], way[1]) // until one of them ends
					end.Do(cut)
				})
			}
			ways.Wait()
		}()
	}
}
