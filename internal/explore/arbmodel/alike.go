package arbmodel

import (
	"slices"

	"hotpair/hasync/peerarb"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// The clients of a group are alike: who of them is where makes no difference, only how many are. So they are put in order by all that is known of each.

// order gives each client its new number.
type order [MaxClients]int8

// known is what an arbiter's state says of a client, a bit for each: it has a session here, and the census has noted it.
type known [MaxClients]uint8

// arrange puts the clients of each group in order.
func (w *world) arrange() {
	var all [MaxClients]uint64
	for c := range w.m.opt.Clients {
		all[c] = uint64(w.net.at[c] + 1)
		for i := range w.srv {
			all[c] = all[c]<<2 | uint64(w.m.knownOf(w.srv[i].bytes)[c])
			for k := range w.ha.end[i].queue {
				all[c] <<= 1
				if w.ha.end[i].queue[k].Node == id(c) {
					all[c]++
				}
			}
		}
	}
	var o order
	same := true
	for g := range 2 {
		var of []int
		for c := g; c < w.m.opt.Clients; c += 2 {
			of = append(of, c)
		}
		slices.SortStableFunc(of, func(a, b int) int { return int(int64(all[a]) - int64(all[b])) })
		for k, c := range of {
			o[c] = int8(g + 2*k)
			same = same && int(o[c]) == c
		}
	}
	if !same {
		w.rename(&o)
	}
}

func (w *world) rename(o *order) {
	at := w.net.at
	for c := range w.m.opt.Clients {
		w.net.at[o[c]] = at[c]
	}
	for i := range w.srv {
		w.srv[i].bytes = w.m.renamed(w.srv[i].bytes, o)
		for k := range w.ha.end[i].queue {
			if n := &w.ha.end[i].queue[k].Node; n.IsClient() {
				*n = o.of(*n)
			}
		}
	}
}

func (o *order) of(c wire.ID) wire.ID { return id(int(o[c-id(0)])) }

// ordered is an arbiter's state, and how its clients are to be renamed.
type ordered struct {
	bytes string
	order order
}

// knownOf looks at an arbiter's state.
func (m *Model) knownOf(bytes string) (k known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.known[bytes]; ok || bytes == "" {
		return k
	}
	a := restored(bytes)
	for c := range m.opt.Clients {
		if a.HasSession(id(c)) {
			k[c]++
		}
		if a.Noted(id(c)) {
			k[c] += 2
		}
	}
	m.known[bytes] = k
	return k
}

// renamed is an arbiter's state with its clients in another order.
func (m *Model) renamed(bytes string, o *order) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := ordered{bytes, *o}
	if to, ok := m.inOrder[key]; ok || bytes == "" {
		return to
	}
	a := restored(bytes)
	a.RenameClients(o.of)
	to := string(a.AppendCanonical(nil))
	m.inOrder[key] = to
	return to
}

// restored makes an arbiter that is only looked at.
func restored(bytes string) *peerarb.Arbiter {
	a := peerarb.New(wire.A, peerarb.DefaultOptions(), nil)
	a.Restore(canon.NewReader([]byte(bytes)))
	return a
}
