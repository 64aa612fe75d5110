package access

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nkeys"
)

// Key is a user's key. The seed is the secret: whoever has it is the user. It is never logged, and goes into no argument of a process.
type Key struct {
	Public string
	Seed   Secret
}

// Secret is text that prints as what it is: a secret. In JSON, which goes to child processes over an inherited descriptor only, it is itself.
type Secret string

// String implements fmt.Stringer.
func (Secret) String() string { return "(secret)" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "(secret)" }

// Keys are the keys of a pair's users, by role.
type Keys map[string]Key

// NewKeys makes keys for all users of a pair.
func NewKeys(o Options) (Keys, error) {
	keys := Keys{}
	for _, r := range Roles(o) {
		key, err := newKey()
		if err != nil {
			return nil, err
		}
		keys[r.Name] = key
	}
	return keys, nil
}

func newKey() (Key, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return Key{}, fmt.Errorf("keys: %w", err)
	}
	seed, err := pair.Seed()
	if err != nil {
		return Key{}, fmt.Errorf("keys: %w", err)
	}
	return parseKey(seed)
}

func parseKey(seed []byte) (Key, error) {
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return Key{}, err
	}
	public, err := pair.PublicKey()
	if err == nil && !nkeys.IsValidPublicUserKey(public) {
		err = errors.New("it is no user's key")
	}
	return Key{public, Secret(seed)}, err
}

// KeyFile returns the file of a role's key in a folder of keys.
func KeyFile(dir, role string) string { return filepath.Join(dir, role+".nk") }

// LoadKey reads a key's file: an nkey seed, as NATS's tools write it.
func LoadKey(path string) (Key, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Key{}, err
	}
	key, err := parseKey(bytes.TrimSpace(data))
	if err != nil {
		return Key{}, fmt.Errorf("%s holds no nkey seed of a user (SU…): %w", path, err)
	}
	return key, nil
}

// KeepKeys reads the keys of all users from a folder, and makes those that are missing, in files that only their owner can read.
func KeepKeys(dir string, o Options) (Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	keys := Keys{}
	for _, r := range Roles(o) {
		path := KeyFile(dir, r.Name)
		key, err := LoadKey(path)
		if errors.Is(err, fs.ErrNotExist) {
			if key, err = newKey(); err == nil {
				err = os.WriteFile(path, []byte(string(key.Seed)+"\n"), 0o600)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		keys[r.Name] = key
	}
	return keys, nil
}
