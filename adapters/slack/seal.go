package slack

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// sealer encrypts what is kept of tokens, each under the name of its record, so that none can be put in another's place.
type sealer struct{ aead cipher.AEAD } // nil: there is no key

const sealVersion = 1

var errSealed = errors.New("it cannot be decrypted: slack.seal_key is not the one that it was sealed with")

func newSealer(key string) (sealer, error) {
	if key == "" {
		return sealer{}, nil
	}
	raw, err := hkdf.Key(sha256.New, []byte(key), nil, "trellis slack tokens", 32)
	if err != nil {
		return sealer{}, err
	}
	b, err := aes.NewCipher(raw)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCM(b)
	return sealer{aead}, err
}

func (s sealer) seal(name string, text []byte) ([]byte, error) {
	if s.aead == nil {
		return nil, errors.New("seal: slack.seal_key is missing")
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return s.aead.Seal(append([]byte{sealVersion}, nonce...), nonce, text, []byte(name)), nil
}

func (s sealer) open(name string, sealed []byte) ([]byte, error) {
	if s.aead == nil {
		return nil, errors.New("open: slack.seal_key is missing")
	}
	n := s.aead.NonceSize()
	if len(sealed) < 1+n || sealed[0] != sealVersion {
		return nil, errSealed
	}
	text, err := s.aead.Open(nil, sealed[1:1+n], sealed[1+n:], []byte(name))
	if err != nil {
		return nil, errSealed
	}
	return text, nil
}
