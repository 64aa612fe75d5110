package explore

// findCycle looks for a cycle of prompt steps. States to which no prompt step leads are taken away, then those to which none leads any more, and
// so on: if nothing is left, there is no cycle.
func (s *search) findCycle(r *Result) {
	removed := uint64(0)
	for i := range s.shards {
		sh := &s.shards[i]
		for local := range sh.n {
			if !sh.left(local) {
				s.workers[0].next[i] = append(s.workers[0].next[i], local)
			}
		}
	}
	for {
		blocks, states := s.peeled()
		if len(blocks) == 0 {
			break
		}
		for len(blocks) > 0 {
			n := min(len(blocks), s.batch())
			s.peel(blocks[:n], states)
			blocks = blocks[n:]
		}
		removed += uint64(total(states))
	}
	s.measure()
	if removed < s.stats.Distinct {
		s.explainCycle(r)
	}
}

func total(lists [shards][]uint32) (n int) {
	for _, l := range lists {
		n += len(l)
	}
	return n
}

// peeled takes the states that are to be taken away next.
func (s *search) peeled() (blocks []block, states [shards][]uint32) {
	for i := range states {
		for _, w := range s.workers {
			states[i] = append(states[i], w.next[i]...)
			w.next[i] = w.next[i][:0]
		}
		for from := 0; from < len(states[i]); from += blockSize {
			blocks = append(blocks, block{uint32(i), uint32(from), uint32(min(from+blockSize, len(states[i])))})
		}
	}
	return blocks, states
}

// peel takes states away: what they lead to has one step less that leads to it.
func (s *search) peel(blocks []block, states [shards][]uint32) {
	s.parallel(func(w *worker, take func() int) {
		for i := take(); i < len(blocks); i = take() {
			b := blocks[i]
			for _, local := range states[b.shard][b.from:b.to] {
				w.steps.reset()
				w.steps.OnlyPrompt = true
				w.stepper.Next(s.shards[b.shard].words(local), &w.steps)
				for k := range w.steps.Len() {
					if !w.steps.prompt[k] {
						continue
					}
					words := w.steps.At(k)
					h := hash(words)
					to := h >> (64 - shardBits)
					w.buffers[to] = append(append(w.buffers[to], words...), 0, uint32(h), 1)
				}
			}
		}
	})
	s.parallel(func(me *worker, take func() int) {
		for i := take(); i < shards; i = take() {
			sh := &s.shards[i]
			for _, w := range s.workers {
				for b := w.buffers[i]; len(b) > 0; b = b[s.stride:] {
					local, _, _ := sh.find(b[:s.width], b[s.width+1])
					if sh.lower(local) {
						me.next[i] = append(me.next[i], local)
					}
				}
				w.buffers[i] = w.buffers[i][:0]
			}
		}
	})
}

// explainCycle finds one of the cycles that are left, and the shortest path to a state of it.
func (s *search) explainCycle(r *Result) {
	from := s.firstLeft()
	// A state that is left has a predecessor that is left, so going back never ends; going forward may. Walk forward, depth first, until a state
	// comes up that is on the walk.
	type frame struct {
		state uint32
		steps *Steps
		next  int
	}
	var walk []frame
	on := map[uint32]int{}
	done := map[uint32]bool{}
	for _, start := range from {
		if done[start] {
			continue
		}
		walk = append(walk[:0], frame{state: start, steps: s.labelled(s.wordsOf(start))})
		on[start] = 0
		for len(walk) > 0 {
			f := &walk[len(walk)-1]
			if f.next == f.steps.Len() {
				delete(on, f.state)
				done[f.state] = true
				walk = walk[:len(walk)-1]
				continue
			}
			k := f.next
			f.next++
			if !f.steps.prompt[k] {
				continue
			}
			to := s.numberOf(f.steps.At(k))
			if at, is := on[to]; is {
				r.Wrong = "a cycle without progress"
				r.States, r.Path = s.pathTo(walk[at].state)
				r.Loop = len(r.Path)
				for _, g := range walk[at:] {
					r.Path = append(r.Path, g.steps.labels[g.next-1])
					if g.state != walk[at].state {
						r.States = append(r.States, s.wordsOf(g.state))
					}
				}
				return
			}
			if !done[to] {
				on[to] = len(walk)
				walk = append(walk, frame{state: to, steps: s.labelled(s.wordsOf(to))})
			}
		}
	}
}

// firstLeft returns the states that are left, in the order in which they were found.
func (s *search) firstLeft() (list []uint32) {
	for i := range s.shards {
		for local := range s.shards[i].n {
			if s.shards[i].left(local) {
				list = append(list, uint32(i)<<localBits|local)
			}
		}
	}
	return list
}

func (s *search) numberOf(words []uint32) uint32 {
	h := hash(words)
	i := uint32(h >> (64 - shardBits))
	local, _, _ := s.shards[i].find(words, uint32(h))
	return i<<localBits | local
}

// pathTo is path for a state of any depth: it follows parents until a start.
func (s *search) pathTo(state uint32) ([][]uint32, []string) {
	starts := &Steps{width: s.width}
	s.workers[0].stepper.Start(starts)
	isStart := func(words []uint32) bool {
		for i := range starts.Len() {
			if equal(starts.At(i), words) {
				return true
			}
		}
		return false
	}
	var states [][]uint32
	for {
		states = append([][]uint32{s.wordsOf(state)}, states...)
		if isStart(states[0]) {
			break
		}
		state = s.shards[state>>localBits].parent(state & (1<<localBits - 1))
	}
	var labels []string
	for i := 1; i < len(states); i++ {
		labels = append(labels, s.labelOf(states[i-1], states[i]))
	}
	return states, labels
}
