package rethinktest

import (
	"bufio"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// scramRounds is less than the real server's 4096: the client does as many, and
// tests connect often.
const scramRounds = 256

// maxHandshake is how long a message of the handshake may be, in bytes.
const maxHandshake = 4096

// Codes of refusals in the handshake, as the real server numbers them.
const (
	codeVersion  = 2
	codeMethod   = 4
	codeInvalid  = 9
	codePassword = 12
	codeUser     = 17
)

// errRefused ends a handshake that was answered with a refusal.
var errRefused = errors.New("the handshake was refused")

// A shaker does one handshake of protocol V1_0: the version, then SCRAM-SHA-256
// (RFC 5802 without channel binding) in JSON messages that end with a zero.
type shaker struct {
	in       *bufio.Reader
	out      io.Writer
	version  string
	password func(user string) (string, bool)
}

// shake answers the user that has proven to be who it says.
func (s *shaker) shake() (string, error) {
	var magic [4]byte
	if _, err := io.ReadFull(s.in, magic[:]); err != nil {
		return "", err
	}
	if p.VersionDummy_Version(binary.LittleEndian.Uint32(magic[:])) != p.VersionDummy_V1_0 || olderThan23(s.version) {
		_, err := io.WriteString(s.out, "ERROR: Received an unsupported protocol version. This port is for RethinkDB queries. Does your client driver version not match the server?\n\x00")
		return "", errors.Join(errRefused, err)
	}
	err := s.send(map[string]any{"success": true, "min_protocol_version": 0, "max_protocol_version": 0, "server_version": s.version})
	if err != nil {
		return "", err
	}
	var first struct {
		Version *int   `json:"protocol_version"`
		Method  string `json:"authentication_method"`
		Auth    string `json:"authentication"`
	}
	switch err := s.receive(&first); {
	case err != nil:
		return "", err
	case first.Version == nil || *first.Version != 0:
		return "", s.refuse(codeVersion, "Unsupported `protocol_version`.")
	case first.Method != "SCRAM-SHA-256":
		return "", s.refuse(codeMethod, "Unsupported `authentication_method`.")
	}
	return s.scram(first.Auth)
}

func olderThan23(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		panic(fmt.Sprintf("rethinktest: version %q is none: %v", version, err))
	}
	return major < 2 || major == 2 && minor < 3
}

// scram checks that the client knows the password, and shows that the server
// does.
func (s *shaker) scram(first string) (string, error) {
	bare, ok := strings.CutPrefix(first, "n,,")
	fields := scramFields(bare)
	user, nonce := fields["n"], fields["r"]
	if !ok || user == "" || nonce == "" {
		return "", s.refuse(codeInvalid, "Invalid client first message.")
	}
	password, known := s.password(user)
	if !known {
		return "", s.refuse(codeUser, "Unknown user")
	}
	salt := make([]byte, 16)
	rand.Read(salt) // never fails (crypto/rand)
	nonce += rand.Text()
	challenge := fmt.Sprintf("r=%s,s=%s,i=%d", nonce, base64.StdEncoding.EncodeToString(salt), scramRounds)
	if err := s.send(map[string]any{"success": true, "authentication": challenge}); err != nil {
		return "", err
	}
	var final struct {
		Auth string `json:"authentication"`
	}
	if err := s.receive(&final); err != nil {
		return "", err
	}
	unproven, proof, _ := strings.Cut(final.Auth, ",p=")
	got := scramFields(unproven)
	if got["c"] != "biws" || got["r"] != nonce {
		return "", s.refuse(codeInvalid, "Invalid nonce from client")
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramRounds, sha256.Size)
	if err != nil {
		return "", err
	}
	message := bare + "," + challenge + "," + unproven
	clientKey := mac(salted, "Client Key")
	storedKey := sha256.Sum256(clientKey)
	wanted := mac(storedKey[:], message)
	for i := range wanted {
		wanted[i] ^= clientKey[i]
	}
	sent, err := base64.StdEncoding.DecodeString(proof)
	if err != nil || !hmac.Equal(sent, wanted) {
		return "", s.refuse(codePassword, "Wrong password")
	}
	signature := mac(mac(salted, "Server Key"), message)
	return user, s.send(map[string]any{"success": true, "authentication": "v=" + base64.StdEncoding.EncodeToString(signature)})
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text) // never fails (hash.Hash)
	return h.Sum(nil)
}

// scramFields reads "n=admin,r=abc=": a value may hold equal signs.
func scramFields(s string) map[string]string {
	fields := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		k, v, _ := strings.Cut(part, "=")
		fields[k] = v
	}
	return fields
}

func (s *shaker) refuse(code int, text string) error {
	err := s.send(map[string]any{"success": false, "error_code": code, "error": text})
	return errors.Join(errRefused, err)
}

func (s *shaker) send(v any) error {
	text, err := encodeJSON(v)
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.out, text+"\x00")
	return err
}

func (s *shaker) receive(v any) error {
	var text []byte
	for {
		b, err := s.in.ReadByte()
		switch {
		case err != nil:
			return err
		case b == 0:
			if err := json.Unmarshal(text, v); err != nil {
				return s.refuse(codeInvalid, "Failed to parse the message as JSON")
			}
			return nil
		case len(text) == maxHandshake:
			return s.refuse(codeInvalid, "Message of the handshake too long")
		}
		text = append(text, b)
	}
}
