package switchsim

import (
	"maps"
	"slices"
	"sort"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// asked is whose request is carried out.
type asked struct {
	client wire.ID
	refID  uint64
}

// remembered is how many of a client's requests the switch remembers: a client has fewer than that under way.
const remembered = 64

// memory is what the switch remembers of a client's requests (X13), so that it carries out each of them once.
type memory struct {
	done  []outcome // by reference ID
	below uint64    // reference IDs up to this one are forgotten
}

// outcome is what became of a request.
type outcome struct {
	refID uint64
	of    wire.Kind
	code  callmodel.ErrorCode
	text  string
	call  callmodel.CallID // that it made
}

// recall returns what became of a request, nil if the switch does not know of it.
func (m *memory) recall(refID uint64) *outcome {
	i := sort.Search(len(m.done), func(i int) bool { return m.done[i].refID >= refID })
	if i < len(m.done) && m.done[i].refID == refID {
		return &m.done[i]
	}
	return nil
}

func (m *memory) remember(o outcome) {
	i := sort.Search(len(m.done), func(i int) bool { return m.done[i].refID >= o.refID })
	m.done = slices.Insert(m.done, i, o)
	if len(m.done) > remembered {
		m.below = m.done[0].refID
		m.done = slices.Delete(m.done, 0, 1)
	}
}

// of returns the memory of a client's requests.
func (s *Switch) memoryOf(client wire.ID) *memory {
	m := s.asked[client]
	if m == nil {
		m = &memory{}
		s.asked[client] = m
	}
	return m
}

func (s *Switch) appendMemories(b []byte) []byte {
	for _, id := range slices.Sorted(maps.Keys(s.asked)) {
		m := s.asked[id]
		b = canon.Uint(b, id)
		b = canon.Uint(b, m.below)
		b = canon.Uint(b, len(m.done))
		for _, o := range m.done {
			b = canon.Uint(b, o.refID)
			b = canon.Uint(b, o.of)
			b = canon.Uint(b, o.code)
			b = canon.String(b, o.text)
			b = canon.Uint(b, o.call.Ref)
			b = canon.Uint(b, o.call.Born)
		}
	}
	return canon.Uint(b, wire.None)
}

func (s *Switch) restoreMemories(r *canon.Reader) {
	for id := canon.Read[wire.ID](r); id != wire.None && r.Good(); id = canon.Read[wire.ID](r) {
		m := s.memoryOf(id)
		m.below = canon.Read[uint64](r)
		for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
			o := outcome{refID: canon.Read[uint64](r), of: canon.Read[wire.Kind](r), code: canon.Read[callmodel.ErrorCode](r), text: r.String()}
			o.call = callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}
			m.done = append(m.done, o)
		}
	}
}
