package rethinkdb_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app/rethinkdb"
)

// freeAddress is a port of loopback that nobody uses now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// joining is a node that joins the cluster of first, whose secret it was given.
func (p *place) joining(name string, first rethinkdb.Options) rethinkdb.Options {
	o := p.options(name)
	o.ClusterListen, o.Join = freeAddress(p.t), []string{first.ClusterListen}
	o.SecretFile = rethinkdb.SecretFile(first.Folder)
	return o
}

// Three appliances with one copied file are one database.
func TestNodesWithOneSecretAreOneCluster(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 3)
	first := p.options("one")
	first.ClusterListen = freeAddress(t)
	nodes := []*rethinkdb.Server{p.start(first)}
	do(t, session(t, nodes[0].Reach()), r.DBCreate("shared"))
	nodes = append(nodes, p.start(p.joining("two", first)), p.start(p.joining("three", first)))
	names := map[string]bool{}
	for i, node := range nodes {
		s := session(t, node.Reach())
		eventually(t, "all see what one has made", func() bool {
			cursor, err := r.DBList().Contains("shared").Run(s)
			if err != nil {
				return false
			}
			var there bool
			return cursor.One(&there) == nil && there
		})
		names[node.Name()] = true
		if i > 0 && node.Reach().Address == nodes[0].Reach().Address {
			t.Error("two nodes serve at one address")
		}
	}
	if len(names) != 3 {
		t.Errorf("the nodes have the names %v", names)
	}
}

// Whoever reaches the port between nodes, in the network or as another user of the
// machine, must not become a node.
func TestANodeWithAnotherSecretIsKeptOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 2)
	first := p.options("one")
	first.ClusterListen = freeAddress(t)
	s := p.start(first)
	do(t, session(t, s.Reach()), r.DBCreate("shared"))

	stranger := p.joining("two", first)
	stranger.SecretFile = filepath.Join(p.folder, "other")
	if err := os.WriteFile(stranger.SecretFile, []byte(strings.Repeat("guessed ", 8)), 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := rethinkdb.Start(t.Context(), stranger)
	if err == nil { // it may run alone
		defer other.Close()
		cursor, err := r.DBList().Contains("shared").Run(session(t, other.Reach()))
		var there bool
		if err != nil || cursor.One(&there) != nil || there {
			t.Errorf("it sees what the cluster has: %t, %v", there, err)
		}
	}
	// Without any certificate there is not even an answer.
	conn, err := net.Dial("tcp", first.ClusterListen)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("RethinkDB cluster\n")); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 64)
	if n, _ := conn.Read(answer); n > 7 || n > 0 && answer[0] != 21 { // an alert of TLS
		t.Errorf("it answers %q", answer[:n])
	}
}

// certificatesOf returns what a node of these options shows to others.
func certificatesOf(t *testing.T, folder string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "node.crt"), filepath.Join(folder, "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "cluster.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate")
	}
	return pair, pool
}

// Nodes make their certificates apart from each other, and have to believe them.
func TestCertificatesOfOneSecretBelieveEachOther(t *testing.T) {
	t.Parallel()
	make := func(secret string) string {
		folder := t.TempDir()
		path := filepath.Join(folder, "secret")
		if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := rethinkdb.LoadSecret(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Certificates(folder); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	same := strings.Repeat("secret ", 8)
	one, two, other := make(same), make(same+"\n"), make(strings.Repeat("sesame ", 8))
	verify := func(node, authority string) error {
		pair, _ := certificatesOf(t, node)
		_, roots := certificatesOf(t, authority)
		for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := verify(one, two); err != nil {
		t.Errorf("a node of the same secret is not believed: %v", err)
	}
	if err := verify(one, other); err == nil {
		t.Error("a node of another secret is believed")
	}
	a, _ := certificatesOf(t, one)
	b, _ := certificatesOf(t, two)
	if a.PrivateKey.(*ecdsa.PrivateKey).Equal(b.PrivateKey) {
		t.Error("two nodes have one key")
	}
	if a.Leaf.IsCA {
		t.Error("a node could make further nodes")
	}
}

// Certificates that an organisation has made are used as they are.
func TestNodesUseGivenCertificates(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 2)
	given := ownCertificates(t, p.folder)
	first := p.options("one")
	first.ClusterListen, first.Given = freeAddress(t), given
	s := p.start(first)
	do(t, session(t, s.Reach()), r.DBCreate("shared"))
	if _, err := os.Stat(filepath.Join(first.Folder, "node.key")); err == nil {
		t.Error("others were made")
	}
	second := p.joining("two", first)
	second.Given = given
	other := session(t, p.start(second).Reach())
	eventually(t, "they are one cluster", func() bool {
		cursor, err := r.DBList().Contains("shared").Run(other)
		var there bool
		return err == nil && cursor.One(&there) == nil && there
	})
}

// ownCertificates are those of an authority that has nothing to do with the
// secret.
func ownCertificates(t *testing.T, folder string) rethinkdb.Certificates {
	t.Helper()
	files := rethinkdb.Certificates{
		Cert: filepath.Join(folder, "own.crt"), Key: filepath.Join(folder, "own.key"), CA: filepath.Join(folder, "own-ca.crt"),
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	for path, text := range map[string][]byte{
		files.Cert: public, files.CA: public, files.Key: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
