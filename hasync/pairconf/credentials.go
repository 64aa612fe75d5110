package pairconf

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"hotpair/internal/wire"
)

// Key is what a server stores of a user's password: whoever has it can log in as the user, but does not know the password. 64 hexadecimal digits.
func Key(user, password string) string {
	sum := sha256.Sum256([]byte("hotpair user " + fmt.Sprintf("%q", user) + " " + password))
	return hex.EncodeToString(sum[:])
}

// Proof shows a server that a client knows the key, without telling it: it is good for this client's incarnation at this server's incarnation only.
func Proof(key string, server wire.ID, serverInc uint64, client wire.ID, clientInc uint64) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "hotpair login %s/%d %s/%d", server, serverInc, client, clientInc)
	return hex.EncodeToString(mac.Sum(nil))
}
