package peerarb

import (
	"slices"

	"hotpair/internal/wire"
)

// RenameClients gives the clients that the state names other names. An arbiter counts clients and compares them for equality, so states that differ by a
// renaming behave alike, and a search may take one of them for all.
func (a *Arbiter) RenameClients(f func(wire.ID) wire.ID) {
	for _, list := range [...][]wire.ID{a.sessions, a.window.noted} {
		for i := range list {
			list[i] = f(list[i])
		}
		slices.Sort(list)
	}
}

// Noted reports whether the census has noted this client.
func (a *Arbiter) Noted(id wire.ID) bool { return slices.Contains(a.window.noted, id) }
