package explore

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// Options bound a search. The zero value bounds nothing and uses all cores.
type Options struct {
	// Workers expand states in parallel; 0 means as many as there are cores.
	Workers int
	// MaxStates ends the search when so many states are kept; 0 means no bound.
	MaxStates uint64
	// MaxMemory ends it when the process holds so many bytes; 0 means no bound.
	MaxMemory int64
	// MaxDepth ends it when all states of this depth are kept; 0 means no bound.
	MaxDepth int
	// For ends it after this time; 0 means no bound.
	For time.Duration
	// Cycles looks for cycles of prompt steps when everything was seen. It takes a byte for each state, and time again.
	Cycles bool
	// Progress, if not nil, is told now and then how far the search is.
	Progress func(Stats)
	// Stop, if not nil, ends the search when it reports true.
	Stop func() bool
}

// Stats are a search's numbers.
type Stats struct {
	Generated uint64 `json:"generated"`
	Distinct  uint64 `json:"distinct"`
	Depth     int    `json:"depth"`
	// Finished is the depth up to which every state was seen and expanded, and AtFinished how many states that were: what a search that was bounded
	// can say whatever the number of workers.
	Finished   int           `json:"finishedDepth"`
	AtFinished uint64        `json:"distinctAtFinishedDepth"`
	Elapsed    time.Duration `json:"-"`
	Seconds    float64       `json:"seconds"`
	Memory     int64         `json:"memoryBytes"` // that the process holds: states, buffers, and what the model remembers
}

// PerSecond returns the distinct states per second.
func (s Stats) PerSecond() float64 { return float64(s.Distinct) / max(s.Elapsed.Seconds(), 1e-9) }

// Result says what a search saw.
type Result struct {
	Stats
	Workers int `json:"workers"`
	// Complete: every reachable state was seen. Otherwise Bound says what ended the search, unless Wrong did.
	Complete bool   `json:"complete"`
	Bound    string `json:"bound,omitempty"`
	// Wrong is what is wrong, "" if nothing is; Path are the labels of the steps that lead to it, and States the states from a start on, one more
	// than steps if the last state is wrong, as many if the last step is.
	Wrong  string     `json:"wrong,omitempty"`
	Path   []string   `json:"path,omitempty"`
	States [][]uint32 `json:"-"`
	// Cycles: cycles of prompt steps were looked for. Loop is where one begins in Path, if one was found.
	Cycles bool `json:"cycles"`
	Loop   int  `json:"loop,omitempty"`
}

const (
	blockSize  = 128     // states that a worker takes at a time
	batchWords = 6 << 20 // of candidates, about: buffers are emptied then
)

// search is a search that goes on.
type search struct {
	opt     Options
	model   Model
	width   int
	stride  int // of a candidate: words, parent, hash, whether the step counts
	shards  [shards]shard
	workers []*worker
	stats   Stats
	begun   time.Time
	told    time.Time

	blocks  []block
	perStep float64 // successors of a state, as seen so far
	failed  []failure
}

type block struct{ shard, from, to uint32 }

// failure is something wrong: with a state, or with its step number step.
type failure struct {
	state uint32
	wrong
}

// worker expands states into buffers of its own.
type worker struct {
	stepper   Stepper
	steps     Steps
	buffers   [shards][]uint32
	generated uint64
	failed    []failure
	next      [shards][]uint32 // of the cycle search: states that nothing leads to any more
}

// Search visits the states that a model can reach. With several workers a path is looked for once more by one of them, so that it is always the same.
func Search(m Model, o Options) Result {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	s := newSearch(m, o)
	r := s.run()
	if r.Wrong != "" && o.Workers > 1 && r.Loop == 0 && !r.Cycles {
		o.Workers, o.MaxDepth, o.Cycles = 1, len(r.States), false
		o.MaxStates = 0
		if m, ok := m.(Renewer); ok {
			m.Renew()
		}
		again := newSearch(m, o).run()
		if again.Wrong != "" {
			r.Wrong, r.Path, r.States = again.Wrong, again.Path, again.States
		}
	}
	return r
}

func newSearch(m Model, o Options) *search {
	s := &search{opt: o, model: m, width: m.Width(), begun: time.Now()}
	s.told = s.begun
	s.stride = s.width + 3
	for i := range s.shards {
		s.shards[i].init(s.width, o.Cycles)
	}
	for range o.Workers {
		w := &worker{stepper: m.Stepper()}
		w.steps.width = s.width
		s.workers = append(s.workers, w)
	}
	return s
}

func (s *search) run() Result {
	w := s.workers[0]
	w.stepper.Start(&w.steps)
	s.collect(w, 0, s.opt.Cycles)
	s.fill()
	bound := ""
	for depth := 0; ; depth++ {
		if !s.nextLevel() {
			break
		}
		s.stats.Depth = depth
		if s.opt.MaxDepth > 0 && depth >= s.opt.MaxDepth {
			bound = "depth"
			break
		}
		if bound = s.level(); bound != "" || len(s.failed) > 0 {
			break
		}
		s.stats.Finished, s.stats.AtFinished = depth, s.levelEnd()
	}
	r := Result{Workers: len(s.workers), Bound: bound}
	s.measure()
	switch {
	case len(s.failed) > 0:
		r.Bound = ""
		s.explain(&r, s.shortest())
	case bound == "":
		r.Complete = true
		if s.opt.Cycles {
			r.Cycles = true
			s.findCycle(&r)
		}
	}
	s.measure()
	r.Stats = s.stats
	return r
}

// nextLevel makes the states that were added last the level to expand; it reports false if there are none.
func (s *search) nextLevel() bool {
	some := false
	for i := range s.shards {
		sh := &s.shards[i]
		sh.level, sh.end = sh.end, sh.n
		some = some || sh.level < sh.end
	}
	return some
}

// levelEnd is how many states there are up to the level that is expanded.
func (s *search) levelEnd() (n uint64) {
	for i := range s.shards {
		n += uint64(s.shards[i].end)
	}
	return n
}

// level expands a level, batch by batch; it returns what bounds the search, if something does.
func (s *search) level() (bound string) {
	all := s.blocks[:0]
	for i := range s.shards {
		sh := &s.shards[i]
		for from := sh.level; from < sh.end; from += blockSize {
			all = append(all, block{uint32(i), from, min(from+blockSize, sh.end)})
		}
	}
	s.blocks = all
	for rest := all; len(rest) > 0; {
		n := min(len(rest), s.batch())
		s.expand(rest[:n])
		s.fill()
		rest = rest[n:]
		if bound = s.bounded(); bound != "" || s.stateFailed() {
			return bound
		}
	}
	return ""
}

// batch is how many blocks fill the buffers as far as they should be.
func (s *search) batch() int {
	per := max(s.perStep, 1)
	return max(4*len(s.workers), int(batchWords/(per*blockSize*float64(s.stride))))
}

func (s *search) bounded() string {
	s.measure()
	if p := s.opt.Progress; p != nil && time.Since(s.told) > time.Second {
		s.told = time.Now()
		p(s.stats)
	}
	switch {
	case s.opt.MaxStates > 0 && s.stats.Distinct >= s.opt.MaxStates:
		return "states"
	case s.opt.MaxMemory > 0 && s.stats.Memory >= s.opt.MaxMemory:
		return "memory"
	case s.opt.For > 0 && s.stats.Elapsed >= s.opt.For:
		return "time"
	case s.opt.Stop != nil && s.opt.Stop():
		return "stopped"
	}
	return ""
}

func (s *search) measure() {
	s.stats.Elapsed = time.Since(s.begun)
	s.stats.Seconds = s.stats.Elapsed.Seconds()
	s.stats.Generated, s.stats.Distinct = s.generatedSoFar(), 0
	for i := range s.shards {
		s.stats.Distinct += uint64(s.shards[i].n)
	}
	s.stats.Memory = max(s.stats.Memory, held())
}

// held returns how many bytes the process has from the operating system.
func held() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64() - sample[1].Value.Uint64())
}

// parallel runs f in all workers, and waits for them. Work is handed out by take.
func (s *search) parallel(f func(w *worker, take func() int)) {
	var next atomic.Int64
	take := func() int { return int(next.Add(1)) - 1 }
	if len(s.workers) == 1 {
		f(s.workers[0], take)
		return
	}
	var wg sync.WaitGroup
	var panicked atomic.Pointer[string]
	for _, w := range s.workers {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					text := fmt.Sprintf("%v\n%s", p, debug.Stack())
					panicked.CompareAndSwap(nil, &text)
				}
			}()
			f(w, take)
		})
	}
	wg.Wait()
	if p := panicked.Load(); p != nil {
		panic("explore: a worker panicked: " + *p) // here, where the caller can recover
	}
}

// expand is the first half of a batch.
func (s *search) expand(blocks []block) {
	before := s.generatedSoFar()
	s.parallel(func(w *worker, take func() int) {
		for i := take(); i < len(blocks); i = take() {
			b := blocks[i]
			sh := &s.shards[b.shard]
			for local := b.from; local < b.to; local++ {
				w.steps.reset()
				w.stepper.Next(sh.words(local), &w.steps)
				s.collect(w, b.shard<<localBits|local, s.opt.Cycles)
			}
		}
	})
	states := 0
	for _, b := range blocks {
		states += int(b.to - b.from)
	}
	s.perStep = float64(s.generatedSoFar()-before)/float64(states) + 1
}

func (s *search) generatedSoFar() (n uint64) {
	for _, w := range s.workers {
		n += w.generated
	}
	return n
}

// collect puts a state's successors into the worker's buffers.
func (s *search) collect(w *worker, from uint32, counting bool) {
	st := &w.steps
	n := st.Len()
	w.generated += uint64(n)
	for i := range n {
		words := st.At(i)
		h := hash(words)
		to := h >> (64 - shardBits)
		counts := uint32(0)
		if counting && st.prompt[i] {
			counts = 1
		}
		w.buffers[to] = append(append(w.buffers[to], words...), from, uint32(h), counts)
	}
	for _, x := range st.wrong {
		w.failed = append(w.failed, failure{from, x})
	}
}

// fill is the second half of a batch: each shard takes what was found for it.
func (s *search) fill() {
	s.parallel(func(_ *worker, take func() int) {
		for i := take(); i < shards; i = take() {
			sh := &s.shards[i]
			for _, w := range s.workers {
				b := w.buffers[i]
				for ; len(b) > 0; b = b[s.stride:] {
					local, _ := sh.insert(b[:s.width], b[s.width+1], b[s.width])
					if b[s.width+2] != 0 {
						sh.raise(local)
					}
				}
				w.buffers[i] = w.buffers[i][:0]
			}
		}
	})
	for _, w := range s.workers {
		s.failed = append(s.failed, w.failed...)
		w.failed = w.failed[:0]
	}
}

// stateFailed: something is wrong with a state of the level, so no shorter path is to be found.
func (s *search) stateFailed() bool {
	for i := range s.failed {
		if s.failed[i].step < 0 {
			return true
		}
	}
	return false
}

// shortest returns the failure that takes the fewest steps.
func (s *search) shortest() failure {
	best := s.failed[0]
	for _, f := range s.failed {
		if best.step >= 0 && f.step < 0 {
			best = f
		}
	}
	return best
}

// explain writes down how a failure is reached.
func (s *search) explain(r *Result, f failure) {
	r.Wrong = f.text
	r.States, r.Path = s.path(f.state)
	if f.step >= 0 {
		steps := s.labelled(s.wordsOf(f.state))
		r.Path = append(r.Path, steps.labels[f.step])
	}
}

func (s *search) wordsOf(state uint32) []uint32 {
	return s.shards[state>>localBits].words(state & (1<<localBits - 1))
}

// path returns the states from a start to this one, and the labels of the steps between them.
func (s *search) path(state uint32) (states [][]uint32, labels []string) {
	for depth := s.stats.Depth; ; depth-- {
		states = append([][]uint32{s.wordsOf(state)}, states...)
		if depth == 0 {
			break
		}
		state = s.shards[state>>localBits].parent(state & (1<<localBits - 1))
	}
	for i := 1; i < len(states); i++ {
		labels = append(labels, s.labelOf(states[i-1], states[i]))
	}
	return states, labels
}

func (s *search) labelOf(from, to []uint32) string {
	steps := s.labelled(from)
	for i := range steps.Len() {
		if equal(steps.At(i), to) {
			return steps.labels[i]
		}
	}
	panic("explore: a state does not lead to its successor when it is looked at again: the model is no function of its states")
}

func (s *search) labelled(from []uint32) *Steps {
	steps := &Steps{width: s.width, Labelled: true}
	s.workers[0].stepper.Next(from, steps)
	return steps
}
