package switchsim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
)

// load is generated traffic: Poisson arrivals of calls between idle lines, each ringing for a constant time and
// then held for a time that is drawn once, in whole nanoseconds. A load that was stopped still answers and ends its calls.
type load struct {
	name        string // "" is the one without a name
	on          bool
	rate        float64 // calls per second, where the curve's factor is 1
	ring        time.Duration
	hold        holding
	inbound     float64 // share of inbound calls
	first, last int     // the trunks of inbound calls: lines[first:last]
	curve       curve
	queue       int     // the line of the queue to which its calls go, plus 1; 0: they go to extensions
	patience    holding // how long a call waits in the queue before it is given up; without a kind, as long as the switch lets it
	transfers   float64 // share of calls that the called party hands over half-way, in a single step
	conferences float64 // share of calls that the called party takes another one into half-way
	// The same in two steps: who takes it over, or joins it, is consulted first.
	consultTransfers, consultConferences float64

	pcg *rand.PCG
	rng *rand.Rand
}

// maxLoads bounds the loads that a switch ever has, each with a name of its own.
const maxLoads = 64

func (l *load) seed(seed uint64) {
	l.pcg = rand.NewPCG(seed, 0)
	l.rng = rand.New(l.pcg)
}

// loadOf returns the load of this name, which it makes if there is none; -1 if there would be too many.
func (s *Switch) loadOf(name string) int {
	i := slices.IndexFunc(s.loads, func(l load) bool { return l.name == name })
	if i >= 0 || len(s.loads) == maxLoads {
		return i
	}
	s.loads = append(s.loads, load{name: name})
	return len(s.loads) - 1
}

// startLoad sets a load going, at a time of its curve's day. One of the same name that goes already is replaced; its calls are the new one's.
func (s *Switch) startLoad(i int, l load, seed uint64, at time.Duration, out *node.Output) {
	s.stopLoad(i, out)
	l.on = true
	l.seed(seed)
	s.loads[i] = l
	s.noteLoad(i, "on", out)
	if len(l.curve.factors) > 0 {
		out.Set(node.Timer{Kind: curveTimer, Key: uint32(i)}, s.loads[i].curve.enter(at))
	}
	s.awaitArrival(i, out)
}

func (s *Switch) stopLoad(i int, out *node.Output) {
	l := &s.loads[i]
	if !l.on {
		return
	}
	l.on = false
	out.Cancel(node.Timer{Kind: arrivalTimer, Key: uint32(i)})
	if len(l.curve.factors) > 0 {
		out.Cancel(node.Timer{Kind: curveTimer, Key: uint32(i)})
	}
	s.noteLoad(i, "off", out)
}

func (s *Switch) noteLoad(i int, what string, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteLoad, N: uint64(i) + 1, Text: what + " " + s.loads[i].name})
}

// awaitArrival arms the timer for the next call. Where none is to come, the curve's next slot goes on.
func (s *Switch) awaitArrival(i int, out *node.Output) {
	l := &s.loads[i]
	rate := float64(l.rate * l.curve.factor())
	if rate == 0 {
		out.Cancel(node.Timer{Kind: arrivalTimer, Key: uint32(i)})
		return
	}
	gap := float64(l.rng.ExpFloat64()/rate) * float64(time.Second)
	out.Set(node.Timer{Kind: arrivalTimer, Key: uint32(i)}, nanoseconds(gap))
}

// nextSlot: the curve's next slot begins. Arrivals have no memory, so that the next one is drawn anew with the new rate.
func (s *Switch) nextSlot(i int, out *node.Output) {
	out.Set(node.Timer{Kind: curveTimer, Key: uint32(i)}, s.loads[i].curve.next())
	s.awaitArrival(i, out)
}

// arrive offers one call. It is blocked if no line or call reference is free.
func (s *Switch) arrive(i int, out *node.Output) {
	l := &s.loads[i]
	s.awaitArrival(i, out)
	first, last := 0, s.opt.Extensions
	if l.rng.Float64() < l.inbound {
		first, last = l.first, l.last
	}
	from, to := -1, -1
	if last > first {
		from = s.idle(first, last, l.rng.IntN(last-first))
	}
	if from >= 0 && l.queue > 0 {
		s.arriveAtQueue(i, from, out)
		return
	}
	if from >= 0 {
		s.lines[from].busy = true // so that nobody calls himself
		to = s.idle(0, s.opt.Extensions, l.rng.IntN(s.opt.Extensions))
		s.lines[from].busy = false
	}
	ref := uint32(0)
	if to >= 0 {
		ref = s.create(from, to, i+1, "", out)
	}
	if ref == 0 {
		s.noteBlocked(i, out)
		return
	}
	if l.ring > 0 {
		out.Set(node.Timer{Kind: callTimer, Key: ref}, l.ring)
		return
	}
	s.proceed(ref, out)
}

func (s *Switch) noteBlocked(i int, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteCall, N: s.seq(), M: uint64(i) + 1, Text: "blocked"})
}

// arriveAtQueue offers a call to the load's queue, where it waits for an agent.
func (s *Switch) arriveAtQueue(i, from int, out *node.Output) {
	to := target{line: s.loads[i].queue - 1, state: callmodel.PartyQueued}
	ref := s.begin(&beginning{from: from, to: to, load: i + 1}, out)
	if ref == 0 {
		s.noteBlocked(i, out)
		return
	}
	s.awaitLoad(ref, out)
	s.await(ref, out)
}

func (l *load) append(b []byte) []byte {
	b = canon.String(b, l.name)
	b = canon.Bool(b, l.on)
	b = canon.Uint(b, math.Float64bits(l.rate))
	b = canon.Uint(b, uint64(l.ring))
	b = l.hold.append(b)
	b = canon.Uint(b, math.Float64bits(l.inbound))
	b = canon.Uint(b, l.first)
	b = canon.Uint(b, l.last)
	b = l.curve.append(b)
	b = canon.Uint(b, l.queue)
	b = l.patience.append(b)
	b = canon.Uint(b, math.Float64bits(l.transfers))
	b = canon.Uint(b, math.Float64bits(l.conferences))
	b = canon.Uint(b, math.Float64bits(l.consultTransfers))
	b = canon.Uint(b, math.Float64bits(l.consultConferences))
	state, err := l.pcg.MarshalBinary()
	if err != nil {
		panic(err) // PCG cannot fail to tell its state
	}
	return canon.String(b, state)
}

func (l *load) restore(r *canon.Reader) {
	*l = load{name: r.String(), on: r.Bool()}
	l.rate = math.Float64frombits(canon.Read[uint64](r))
	l.ring = time.Duration(canon.Read[uint64](r))
	l.hold.restore(r)
	l.inbound = math.Float64frombits(canon.Read[uint64](r))
	l.first, l.last = canon.Read[int](r), canon.Read[int](r)
	l.curve.restore(r)
	l.queue = canon.Read[int](r)
	l.patience.restore(r)
	l.transfers = math.Float64frombits(canon.Read[uint64](r))
	l.conferences = math.Float64frombits(canon.Read[uint64](r))
	l.consultTransfers = math.Float64frombits(canon.Read[uint64](r))
	l.consultConferences = math.Float64frombits(canon.Read[uint64](r))
	l.pcg = &rand.PCG{}
	if err := l.pcg.UnmarshalBinary(r.Bytes()); err != nil {
		r.Fail("random generator")
	}
	l.rng = rand.New(l.pcg)
}
