package rethinkdb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"time"

	"lyceum/app/durable"
)

// The certificate authority of a cluster is made anew by each of its nodes, from
// the secret alone: same key, name and number. Its own signature is another one
// each time, which nobody looks at, since each node believes the one it has made.

// Certificates say who a node is to others; names of files.
type Certificates struct{ Cert, Key, CA string }

const authorityName = "Lyceum cluster"

var (
	// certificatesFrom and certificatesTo are when they hold: clocks of machines may
	// be wrong by years, and who has the secret needs no date to be believed.
	certificatesFrom = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	certificatesTo   = time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)
)

// authority returns the key and the certificate of the cluster's authority.
func (s Secret) authority() (*ecdsa.PrivateKey, *x509.Certificate, error) {
	// ECDSA on P-256: what OpenSSL of ten years ago knows as well, and RethinkDB's
	// own default curve.
	curve := elliptic.P256()
	// 16 bytes more than the order has make the remainder as good as even.
	n := new(big.Int).SetBytes(s.derive("authority", 48))
	n.Mod(n, new(big.Int).Sub(curve.Params().N, big.NewInt(1)))
	n.Add(n, big.NewInt(1))
	key, err := ecdsa.ParseRawPrivateKey(curve, n.FillBytes(make([]byte, 32)))
	if err != nil {
		return nil, nil, fmt.Errorf("make the cluster's key: %w", err)
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, nil, err
	}
	id := sha256.Sum256(public)
	return key, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: authorityName},
		SubjectKeyId: id[:20], NotBefore: certificatesFrom, NotAfter: certificatesTo,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil
}

// Certificates makes a certificate for this node, with a key of its own, and
// writes it into folder beside that of the authority.
func (s Secret) Certificates(folder string) (Certificates, error) {
	files := Certificates{
		Cert: filepath.Join(folder, "node.crt"), Key: filepath.Join(folder, "node.key"), CA: filepath.Join(folder, "cluster.crt"),
	}
	authorityKey, authority, err := s.authority()
	if err != nil {
		return files, err
	}
	ca, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return files, fmt.Errorf("make the cluster's certificate: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return files, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return files, err
	}
	node, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Lyceum node"},
		NotBefore: certificatesFrom, NotAfter: certificatesTo,
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		// A node calls others and is called by them.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return files, fmt.Errorf("make this node's certificate: %w", err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return files, err
	}
	for _, file := range []struct {
		name, kind string
		bytes      []byte
	}{
		{files.CA, "CERTIFICATE", ca}, {files.Key, "EC PRIVATE KEY", private}, {files.Cert, "CERTIFICATE", node},
	} {
		if err := durable.WriteFile(file.name, pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.bytes})); err != nil {
			return files, fmt.Errorf("write %s: %w", file.name, err)
		}
	}
	return files, nil
}
