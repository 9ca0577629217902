package rethinkdbtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"
)

const (
	// joinPatience is how long a node tries to reach one of those it is to join.
	joinPatience = 5 * time.Second
	joinEvery    = 100 * time.Millisecond
	// greeting is what a node says to one that it believes.
	greeting = "welcome to the cluster\n"
)

// peering is how nodes know each other: by certificates of one authority, whatever
// their names, as RethinkDB does; nil if they do not.
func peering(o options) (*tls.Config, error) {
	if o.one("cluster-tls-ca") == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(o.one("cluster-tls-cert"), o.one("cluster-tls-key"))
	if err != nil {
		return nil, fmt.Errorf("cluster-tls-cert: %w", err)
	}
	pem, err := os.ReadFile(o.one("cluster-tls-ca"))
	if err != nil {
		return nil, fmt.Errorf("cluster-tls-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("cluster-tls-ca: no certificate in it")
	}
	verify := func(s tls.ConnectionState) error {
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert,
		InsecureSkipVerify: true, // the name alone is not looked at: VerifyConnection does the rest
		VerifyConnection:   verify,
		// As RethinkDB's own defaults: EECDH+AESGCM over TLS 1.2 on P-256.
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.CurveP256},
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
	}, nil
}

// listenCluster serves other nodes until the process ends: on loopback, and where
// the options say.
func listenCluster(o options) (net.Listener, error) {
	config, err := peering(o)
	if err != nil {
		return nil, err
	}
	host := "127.0.0.1"
	if slices.Contains(o["bind-cluster"], "all") {
		host = ""
	} else if len(o["bind-cluster"]) > 0 {
		host = o.one("bind-cluster")
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, o.one("cluster-port")))
	if err != nil {
		return nil, inUse(err, o.one("cluster-port"))
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, greeting) // shakes hands first; who is not believed gets nothing
			}()
		}
	}()
	return l, nil
}

// join reaches one of the nodes whose cluster this one is to join.
func join(o options) error {
	if len(o["join"]) == 0 {
		return nil
	}
	config, err := peering(o)
	if err != nil {
		return err
	}
	for late := time.Now().Add(joinPatience); ; <-time.After(joinEvery) {
		for _, node := range o["join"] {
			if err = greet(node, config); err == nil {
				return nil
			}
		}
		if time.Now().After(late) {
			return says("Failed to join any of %q: %v", o["join"], err)
		}
	}
}

func greet(node string, config *tls.Config) error {
	conn, err := net.DialTimeout("tcp", node, joinPatience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if config != nil {
		conn = tls.Client(conn, config)
	}
	answer := make([]byte, len(greeting))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if string(answer) != greeting {
		return errors.New("who answers is no node")
	}
	return nil
}
