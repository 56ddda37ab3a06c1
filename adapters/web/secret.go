package web

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"

	"trellis/adapters/chat"
	"trellis/storage"
)

// secret is what IDs and positions are made with, so that they tell nobody how much goes on where they may not look.
type secret struct{ key []byte }

var secrets = storage.NewTable[[]byte]("web/secret", 1)

const secretSize = 32 // bytes

// readSecret returns the store's secret; a new store gets one.
func readSecret(tx storage.Tx) (secret, error) {
	key, err := secrets.Get(tx, storage.Global, "key")
	if errors.Is(err, storage.ErrNotFound) {
		key = make([]byte, secretSize)
		_, _ = rand.Read(key) // never fails
		err = secrets.Put(tx, storage.Global, "key", key)
	}
	return secret{key}, err
}

var idLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// id makes an ID of parts: the same of the same, and telling nothing of them.
func (s secret) id(parts ...string) string {
	return idLetters.EncodeToString(s.sum(parts...)[:15]) // 24 letters
}

func (s secret) sum(parts ...string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(storage.Key(parts...)))
	return h.Sum(nil)
}

// position is up to which change of two streams a page is: its room's, and what is said in private.
type position struct{ room, direct uint64 }

// seal makes a position opaque: read openly it would count what others are told in private.
func (s secret) seal(p position) string {
	block, err := aes.NewCipher(s.sum("position"))
	if err != nil {
		panic("web: a key of 32 bytes is refused: " + err.Error())
	}
	var b [aes.BlockSize]byte
	binary.BigEndian.PutUint64(b[:8], p.room)
	binary.BigEndian.PutUint64(b[8:], p.direct)
	block.Encrypt(b[:], b[:]) // one block and one key: a permutation of all positions
	return hex.EncodeToString(b[:])
}

// unseal reads a position; what was not sealed here becomes some number or other, or false.
func (s secret) unseal(text string) (position, bool) {
	sealed, err := hex.DecodeString(text)
	if err != nil || len(sealed) != aes.BlockSize {
		return position{}, false
	}
	block, err := aes.NewCipher(s.sum("position"))
	if err != nil {
		return position{}, false
	}
	block.Decrypt(sealed, sealed)
	return position{room: binary.BigEndian.Uint64(sealed[:8]), direct: binary.BigEndian.Uint64(sealed[8:])}, true
}

// newSecret is what opens something: a link, a session. 128 bits and more, in letters and digits.
func newSecret() string { return strings.ToLower(rand.Text()) }

// hashOf is what is kept of a secret. It needs no salt: nobody guesses 128 random bits.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte("trellis web " + secret))
	return hex.EncodeToString(sum[:])
}

func newRoomID() chat.RoomID { return chat.RoomID(strings.ToLower(rand.Text()[:16])) }

func newAccountID() chat.AccountID { return chat.AccountID("g" + strings.ToLower(rand.Text()[:16])) }

func newNonce() string { return strings.ToLower(rand.Text()[:16]) }

// counters count, by name.
var counters = counterTable{storage.NewTable[uint64]("web/counter", 1)}

type counterTable struct{ *storage.Table[uint64] }

func (c counterTable) value(tx storage.Tx, name string) (uint64, error) {
	n, err := c.Get(tx, storage.Global, name)
	if errors.Is(err, storage.ErrNotFound) {
		return 0, nil
	}
	return n, err
}

func (c counterTable) set(tx storage.Tx, name string, n uint64) error {
	return c.Put(tx, storage.Global, name, n)
}

func (c counterTable) next(tx storage.Tx, name string) (uint64, error) {
	n, err := c.value(tx, name)
	if err != nil {
		return 0, err
	}
	return n + 1, c.set(tx, name, n+1)
}
