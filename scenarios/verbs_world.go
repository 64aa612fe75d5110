package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hotpair/internal/fault"
	"hotpair/internal/wire"
)

func worldVerbs() []*verb {
	nodesVerb := func(name, help string, do func(r *runner, id wire.ID) error) *verb {
		return &verb{
			name: name, group: world, usage: name + " NODE|SITE...", help: help,
			parse: func(a *args) (step, error) {
				ids, err := a.nodes()
				return eachNode{ids, do}, err
			},
		}
	}
	boot := func(a *args) (step, error) {
		ids, err := a.nodes()
		return bootStep(ids), err
	}
	return []*verb{
		{
			name: "boot", group: world, usage: "boot NODE|SITE...", parse: boot,
			help: "Starts nodes that do not run, all at once. NATS runs from the beginning.",
		},
		{
			name: "restart", group: world, usage: "restart NODE|SITE...", parse: boot,
			help: "The same, for nodes that were killed or stopped.",
		},
		nodesVerb("kill", "Ends nodes as kill -9 does. Its heal is restart.", func(r *runner, id wire.ID) error { return r.world.Kill(id) }),
		nodesVerb("stop", "Ends nodes in an orderly way: they say goodbye. Its heal is restart.", func(r *runner, id wire.ID) error { return r.world.Stop(id) }),
		nodesVerb("twin", "Starts nodes that run once more, each as another process: the older one ends, and the alarm started-twice is raised.", func(r *runner, id wire.ID) error { return r.world.Twin(id) }),
		nodesVerb("pause", "Stops nodes as SIGSTOP does. Its heal is resume.", func(r *runner, id wire.ID) error { return r.world.Pause(id) }),
		nodesVerb("resume", "Lets paused nodes go on.", func(r *runner, id wire.ID) error { return r.world.Resume(id) }),
		{
			name: "cut", group: world, usage: "cut A->B | A-B", parse: parseCut,
			help: "Lets nothing pass on a link, one way or both. Its heal is heal. Instead of a link, all means every link; what is done to a link adds up.",
		},
		{
			name: "delay", group: world, usage: "delay A->B|A-B TIME [jitter=TIME]", keys: []string{"jitter"}, parse: parseDelay,
			help: "Delays what passes on a link, in order. Its heal is heal.",
		},
		{
			name: "drop", group: world, usage: "drop A->B|A-B share=0.2", keys: []string{"share"}, parse: parseDrop,
			help: "Loses a share of what passes on a link, at random. Its heal is heal.",
		},
		{
			name: "duplicate", group: world, usage: "duplicate A->B|A-B share=0.2", keys: []string{"share"}, parse: parseDuplicate,
			help: "Lets a share of what passes on a link arrive twice. Its heal is heal.",
		},
		{
			name: "reorder", group: world, usage: "reorder A->B|A-B share=0.2 [by=TIME]", keys: []string{"share", "by"}, parse: parseReorder,
			help: "Lets a share of what passes on a link be overtaken: it arrives up to that time late, 50ms if not given. Its heal is heal.",
		},
		{
			name: "isolate", group: world, usage: "isolate NODE|SITE [black-hole]", parse: parseIsolate,
			help: "Cuts a node off from NATS: its connection is closed, or becomes a black hole. Its heal is heal.",
		},
		{
			name: "heal", group: world, usage: "heal A->B | A-B | NODE | SITE | store | all", parse: parseHeal,
			help: "Ends what cut, delay, drop, duplicate, reorder and isolate did to a link, a node's connection, what store did to the store, or everything.",
		},
		{
			name: "store", group: world, usage: "store full | read-only", parse: parseStore,
			help: "Lets the durable store take nothing that is written, since there is no room, or since nobody may; what it holds can be read.\nNo node starts, since its start number cannot be made durable (! boot A), and nobody is named primary. Its heal is heal store.",
		},
		{
			name: "option", group: world, usage: "option A|B KEY=VALUE", parse: parseOption,
			help: "Sets an option of a T-Server, as config.yaml would under its name: from its next start on.",
		},
		{
			name: "wait", group: world, usage: "wait TIME", parse: parseWait, never: true,
			help: "Lets the run's clock go on. It is no act.",
		},
	}
}

type bootStep []wire.ID

func (s bootStep) run(r *runner) error {
	if err := r.act(func() error { return r.world.Boot(s...) }); err != nil {
		return err
	}
	for _, id := range s {
		r.booted[id] = true
	}
	return nil
}

type eachNode struct {
	ids []wire.ID
	do  func(r *runner, id wire.ID) error
}

func (s eachNode) run(r *runner) error {
	for _, id := range s.ids {
		if err := r.act(func() error { return s.do(r, id) }); err != nil {
			return err
		}
	}
	return nil
}

// impair changes the state of directions of links: what was done to them before goes on.
type impair struct {
	ways   []direction
	change func(*fault.Impairment)
}

func (s impair) run(r *runner) error {
	for _, d := range s.ways {
		state := r.impaired[d]
		s.change(&state)
		if err := r.impair(d, state); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) impair(d direction, state fault.Impairment) error {
	if err := r.act(func() error { return r.world.Impair(d.from, d.to, state) }); err != nil {
		return err
	}
	if state.IsZero() {
		delete(r.impaired, d)
	} else {
		r.impaired[d] = state
	}
	return nil
}

func parseCut(a *args) (step, error) {
	ways, err := a.directions()
	return impair{ways, func(i *fault.Impairment) { i.Cut = true }}, err
}

func parseDelay(a *args) (step, error) {
	ways, err := a.directions()
	if err != nil {
		return nil, err
	}
	w, err := a.word("a time")
	if err != nil {
		return nil, err
	}
	delay, err := parseDuration(w)
	if err != nil {
		return nil, err
	}
	jitter, _, err := a.duration("jitter")
	return impair{ways, func(i *fault.Impairment) { i.Delay, i.Jitter = delay, jitter }}, err
}

func parseDrop(a *args) (step, error) {
	ways, share, err := parseShare(a)
	return impair{ways, func(i *fault.Impairment) { i.Loss = share }}, err
}

func parseDuplicate(a *args) (step, error) {
	ways, share, err := parseShare(a)
	return impair{ways, func(i *fault.Impairment) { i.Duplicate = share }}, err
}

// reorderBy is how late an overtaken packet may be if nothing else is said.
const reorderBy = 50 * time.Millisecond

func parseReorder(a *args) (step, error) {
	ways, share, err := parseShare(a)
	if err != nil {
		return nil, err
	}
	by, given, err := a.duration("by")
	if !given {
		by = reorderBy
	}
	if by == 0 {
		return nil, errors.New("by is a time above 0")
	}
	return impair{ways, func(i *fault.Impairment) { i.Reorder, i.ReorderBy = share, by }}, err
}

// parseShare reads a link and a share of what passes there.
func parseShare(a *args) ([]direction, float64, error) {
	ways, err := a.directions()
	if err != nil {
		return nil, 0, err
	}
	share, err := strconv.ParseFloat(a.keys["share"], 64)
	if err != nil || !(share > 0 && share <= 1) {
		return nil, 0, fmt.Errorf("share is a number above 0 and up to 1, not %q", a.keys["share"])
	}
	return ways, share, nil
}

type isolate struct {
	ids []wire.ID
	how fault.Isolation
}

func parseIsolate(a *args) (step, error) {
	ids, err := a.nodeOrSite()
	if err == nil && ids[0] == wire.NATS {
		err = errors.New("NATS is the carrier, no node of the pair")
	}
	if err != nil {
		return nil, err
	}
	s := isolate{ids, fault.Dropped}
	if len(a.words) > 0 {
		if a.words[0] != "black-hole" {
			return nil, fmt.Errorf("a node is isolated at once, or by a black-hole, not %q", a.words[0])
		}
		a.words, s.how = nil, fault.BlackHoled
	}
	return s, nil
}

func (s isolate) run(r *runner) error {
	for _, id := range s.ids {
		if err := r.act(func() error { return r.world.Isolate(id, s.how) }); err != nil {
			return err
		}
		r.isolated[id] = true
	}
	return nil
}

// heal ends faults of the carrier.
type heal struct {
	ways  []direction
	ids   []wire.ID
	all   bool
	store bool
}

func parseHeal(a *args) (step, error) {
	w, err := a.word("a link, a node, store or all")
	if err != nil {
		return nil, err
	}
	if w == "all" {
		return heal{all: true}, nil
	}
	if w == "store" {
		return heal{store: true}, nil
	}
	if ids, err := a.parseNodes(w); err == nil {
		return heal{ids: ids}, nil
	}
	ways, err := a.parseDirections(w)
	return heal{ways: ways}, err
}

func (s heal) run(r *runner) error {
	switch {
	case s.all:
		if err := r.healStore(); err != nil {
			return err
		}
		return r.healCarrier()
	case s.store && r.store == fault.StoreWorks:
		return fmt.Errorf("%w: the store takes what is written", errFailed)
	case s.store:
		return r.healStore()
	}
	for _, id := range s.ids {
		if !r.isolated[id] {
			return fmt.Errorf("%w: %s is not isolated", errFailed, id)
		}
		delete(r.isolated, id)
		if err := r.act(func() error { return r.world.Isolate(id, fault.Joined) }); err != nil {
			return err
		}
	}
	for _, d := range s.ways {
		if _, bad := r.impaired[d]; !bad {
			continue
		}
		if err := r.impair(d, fault.Impairment{}); err != nil {
			return err
		}
	}
	return nil
}

type storeStep fault.Store

func parseStore(a *args) (step, error) {
	w, err := a.word("full or read-only")
	if err != nil {
		return nil, err
	}
	for _, f := range []fault.Store{fault.StoreFull, fault.StoreReadOnly} {
		if f.String() == "store "+w {
			return storeStep(f), nil
		}
	}
	return nil, fmt.Errorf("a store is full or read-only, not %q", w)
}

func (s storeStep) run(r *runner) error { return r.setStore(fault.Store(s)) }

type option struct {
	id         wire.ID
	key, value string
}

func parseOption(a *args) (step, error) {
	id, err := a.node()
	if err != nil {
		return nil, err
	}
	w, err := a.word("KEY=VALUE")
	if err != nil {
		return nil, err
	}
	s := option{id: id}
	s.key, s.value, _ = strings.Cut(w, "=")
	try := *a.config
	return s, try.SetOption(s.id, s.key, s.value)
}

func (s option) run(r *runner) error {
	return r.act(func() error { return r.world.SetOption(s.id, s.key, s.value) })
}

type wait time.Duration

func parseWait(a *args) (step, error) {
	w, err := a.word("a time")
	if err != nil {
		return nil, err
	}
	d, err := parseDuration(w)
	return wait(d), err
}

func (s wait) run(r *runner) error {
	_, err := r.runUntil(r.world.Now()+time.Duration(s), func() bool { return false })
	r.cursor = r.world.Now()
	return err
}

// act does what a verb says. What was sent before the first act of a line can be matched no more. A verb that a world cannot perform means that nothing can be told.
func (r *runner) act(do func() error) error {
	if !r.acted {
		if err := r.dawdle(); err != nil {
			return err
		}
		r.acted, r.actAt, r.seen = true, r.world.Now(), r.seen[:0]
	}
	err := do()
	r.cursor = r.world.Now()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fault.ErrCannot), errors.Is(err, fault.ErrBroken):
		return err
	}
	return fmt.Errorf("%w: %w", errFailed, err)
}
