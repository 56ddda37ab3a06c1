package matrix

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/id"
	_ "modernc.org/sqlite" // the driver that needs no C
)

// store is the file in which the adapter keeps who it is on the server, its keys, the state of its rooms, and which
// choices stand under which message.
type store struct {
	db   *dbutil.Database
	path string
}

// tables are ours; the libraries add theirs.
const tables = `
CREATE TABLE IF NOT EXISTS trellis_account (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), account TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trellis_message (message TEXT PRIMARY KEY, room TEXT NOT NULL, at INTEGER NOT NULL, stands TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trellis_direct (person TEXT PRIMARY KEY, room TEXT NOT NULL, invited BOOLEAN NOT NULL);
CREATE INDEX IF NOT EXISTS trellis_message_at ON trellis_message (room, at);
`

// account is who this store is on the server.
type account struct {
	User   id.UserID
	Device id.DeviceID
	Token  string
	Pickle []byte // encrypts the keys in the store
	// Copied says that this is a copy: another device wrote with these keys, so it is not this one's to go on with.
	Copied bool `json:",omitempty"`
	// Old is the device that the last one was, to be removed from the server when the new one is known.
	Old id.DeviceID `json:",omitempty"`
}

// standing is what is known of a message of ours that has choices, or more than one part.
type standing struct {
	Parts   []id.EventID `json:",omitempty"` // after the first
	Choices []option     `json:",omitempty"`
}

// options of the connection. Times must be written as SQLite reads them, else keys never expire; synchronous FULL,
// for a ratchet must not turn back after a power cut; writers wait for each other.
const connection = "?_txlock=immediate&_time_format=sqlite&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)"

func openStore(ctx context.Context, path string) (*store, error) {
	// SQLite makes its files with the rights of this one, and they hold keys.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the keys of Matrix: %w", err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return nil, fmt.Errorf("open the keys of Matrix: %w", err)
	}
	raw, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+connection)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db, err := dbutil.NewWithDB(raw, "sqlite3")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), raw.Close())
	}
	s := &store{db: db, path: path}
	if _, err := db.Exec(ctx, tables); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s, which is no store of Matrix's keys or is damaged; put a backup in its place: %w", path, err), s.close())
	}
	return s, nil
}

func (s *store) close() error { return s.db.Close() }

// account returns the zero account when there is none yet.
func (s *store) account(ctx context.Context) (a account, err error) {
	var text string
	err = s.db.QueryRow(ctx, "SELECT account FROM trellis_account").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return a, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &a)
	}
	if err != nil {
		return a, fmt.Errorf("read the account of %s: %w", s.path, err)
	}
	return a, nil
}

func (s *store) putAccount(ctx context.Context, a account) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, "INSERT INTO trellis_account (only_one, account) VALUES (1, $1) ON CONFLICT (only_one) DO UPDATE SET account = excluded.account", string(text))
	if err != nil {
		return fmt.Errorf("keep the account of %s: %w", s.path, err)
	}
	return nil
}

// copy copies all to a path where nothing is yet, and marks the copy as one.
func (s *store) copy(ctx context.Context, to string) (err error) {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("copy to %s: %w", to, os.ErrExist)
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := s.db.Exec(ctx, "VACUUM INTO $1", to); err != nil {
		return fmt.Errorf("copy %s: %w", s.path, err)
	}
	c, err := openStore(ctx, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	a, err := c.account(ctx)
	if err != nil {
		return err
	}
	a.Copied, a.Token = true, ""
	if err := c.putAccount(ctx, a); err != nil {
		return err
	}
	if err := c.forgetDevice(ctx); err != nil {
		return err
	}
	// One file: what is still in the log is written into it.
	_, err = c.db.Exec(ctx, "PRAGMA journal_mode(DELETE)")
	return err
}

// ownKeys are the tables of what only the device itself may go on with. The keys for reading what others sent stay.
var ownKeys = []string{
	"crypto_account", "crypto_olm_session", "crypto_olm_message_hash", "crypto_megolm_outbound_session",
	"crypto_megolm_outbound_session_shared",
}

// forgetDevice takes out the keys by which a device that is no more wrote.
func (s *store) forgetDevice(ctx context.Context) error {
	for _, table := range ownKeys {
		var there int
		if err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1", table).Scan(&there); err != nil {
			return fmt.Errorf("read the tables of %s: %w", s.path, err)
		}
		if there == 0 {
			continue
		}
		if _, err := s.db.Exec(ctx, "DELETE FROM "+table); err != nil {
			return fmt.Errorf("take the keys of an old device out of %s: %w", s.path, err)
		}
	}
	return nil
}

// stands is what is known of a message of ours.
func (s *store) stands(ctx context.Context, m id.EventID) (room id.RoomID, st standing, err error) {
	var text string
	err = s.db.QueryRow(ctx, "SELECT room, stands FROM trellis_message WHERE message = $1", m).Scan(&room, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", st, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &st)
	}
	if err != nil {
		return "", st, fmt.Errorf("read what stands under a message: %w", err)
	}
	return room, st, nil
}

// newest is the newest message of ours in a room that has choices.
func (s *store) newest(ctx context.Context, in id.RoomID) (m id.EventID, st standing, err error) {
	var text string
	err = s.db.QueryRow(ctx, "SELECT message, stands FROM trellis_message WHERE room = $1 ORDER BY at DESC LIMIT 1", in).Scan(&m, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", st, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &st)
	}
	if err != nil {
		return "", st, fmt.Errorf("read the newest choices: %w", err)
	}
	return m, st, nil
}

// keepFor is how long choices and parts are kept: nobody presses on what is older, and nothing is updated.
const keepFor = 400 * 24 * time.Hour

func (s *store) putStands(ctx context.Context, in id.RoomID, m id.EventID, st standing) error {
	if len(st.Parts) == 0 && len(st.Choices) == 0 {
		_, err := s.db.Exec(ctx, "DELETE FROM trellis_message WHERE message = $1", m)
		return err
	}
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	now := time.Now()
	if _, err := s.db.Exec(ctx, `INSERT INTO trellis_message (message, room, at, stands) VALUES ($1, $2, $3, $4)
		ON CONFLICT (message) DO UPDATE SET stands = excluded.stands`, m, in, now.UnixNano(), string(text)); err != nil {
		return fmt.Errorf("keep what stands under a message: %w", err)
	}
	_, err = s.db.Exec(ctx, "DELETE FROM trellis_message WHERE at < $1", now.Add(-keepFor).UnixNano())
	return err
}
