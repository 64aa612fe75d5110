package switchsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// args reads the arguments of a command; the first error is kept.
type args struct {
	cmd  *node.Command
	err  error
	used []string
}

func (a *args) str(key string) (string, bool) {
	a.used = append(a.used, key)
	v, ok := a.cmd.Args[key]
	return v, ok
}

func (a *args) fail(key string, err error) {
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("%s: %w", key, err)
	}
}

// need reads an argument that must be there.
func (a *args) need(key string) string {
	v, _ := a.str(key)
	if v == "" {
		a.fail(key, errors.New("is missing"))
	}
	return v
}

func (a *args) number(key string, otherwise, least, most float64) float64 {
	v, ok := a.str(key)
	if !ok {
		return otherwise
	}
	n, err := parseNumber(v, least, most)
	a.fail(key, err)
	return n
}

func (a *args) duration(key string, otherwise, most time.Duration) time.Duration {
	v, ok := a.str(key)
	if !ok {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err == nil && (d < 0 || d > most) {
		err = fmt.Errorf("a time from 0 to %s is wanted, not %s", most, v)
	}
	a.fail(key, err)
	return d
}

func parseNumber(s string, least, most float64) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= least && n <= most) {
		return 0, fmt.Errorf("a number from %g to %g is wanted, not %q", least, most, s)
	}
	return n, nil
}

// done reports the first error; an argument that nobody read is one.
func (a *args) done() error {
	if a.err != nil {
		return a.err
	}
	if len(a.cmd.Args) > 0 {
		for _, k := range sortedKeys(a.cmd.Args) {
			if !slices.Contains(a.used, k) {
				return fmt.Errorf("%s: no such argument; %s takes %q", k, a.cmd.Verb, a.used)
			}
		}
	}
	return nil
}

// command carries out a command of the scenario.
func (s *Switch) command(cmd *node.Command, out *node.Output) {
	verbs := map[string]func(*args, *node.Output) error{
		"load": s.cmdLoad, "load-stop": s.cmdLoadStop, "call": s.cmdCall, "answer": s.cmdAnswer,
		"release": s.cmdRelease, "release-all": s.cmdReleaseAll, "stuck": s.cmdStuck, "link": s.cmdLink, "agent": s.cmdAgent,
		"burst": s.cmdBurst,
	}
	do, ok := verbs[cmd.Verb]
	if !ok {
		out.Refuse(cmd, fmt.Sprintf("the switch knows no %q; it knows %q", cmd.Verb, sortedKeys(verbs)))
		return
	}
	if err := do(&args{cmd: cmd}, out); err != nil {
		out.Refuse(cmd, cmd.Verb+": "+err.Error())
		return
	}
	out.Done(cmd)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// maxBurst bounds the calls of one burst.
const maxBurst = 1000

// cmdBurst: burst calls=20. So many calls from trunks to extensions, all at once: created, then answered, then released. Whoever gives the command
// knows when the next one may follow; a load goes by the clock instead.
func (s *Switch) cmdBurst(a *args, out *node.Output) error {
	_ = a.need("calls")
	n := a.number("calls", 0, 1, maxBurst)
	if err := a.done(); err != nil {
		return err
	}
	refs := make([]uint32, 0, maxBurst)
	for range int(n) {
		ref, from, to := uint32(0), s.idle(s.opt.Extensions, s.opt.Extensions+s.opt.Trunks, 0), s.idle(0, s.opt.Extensions, 0)
		if from >= 0 && to >= 0 {
			ref = s.create(from, to, 0, "", out)
		}
		if ref == 0 {
			break
		}
		refs = append(refs, ref)
	}
	for _, ref := range refs {
		s.answer(ref, out)
	}
	for _, ref := range refs {
		s.release(ref, false, out)
	}
	if len(refs) < int(n) {
		return fmt.Errorf("only %d calls were made: there are not as many idle trunks, idle extensions and free call references", len(refs))
	}
	return nil
}

// cmdCall: call name=c1 from=1001|T1 to=1002. It rings until it is answered.
func (s *Switch) cmdCall(a *args, out *node.Output) error {
	name := a.need("name")
	from, to := s.lineArg(a, "from"), s.lineArg(a, "to")
	if err := a.done(); err != nil {
		return err
	}
	switch _, taken := s.calls.byName[name]; {
	case taken:
		return fmt.Errorf("there is a call %q already", name)
	case from == to || !s.lines[from].carries() || s.lines[from].typ == callmodel.DNTrunk && s.lines[to].typ == callmodel.DNTrunk:
		return fmt.Errorf("a call goes from an extension or a trunk to something else, not from %s to %s", s.lines[from].dn, s.lines[to].dn)
	}
	dest, _, _ := s.find(s.lines[to].dn)
	switch {
	case s.lines[from].busy || dest.state == callmodel.PartyBusy:
		return fmt.Errorf("%s or %s is busy", s.lines[from].dn, s.lines[to].dn)
	case s.begin(&beginning{from: from, to: dest, name: name}, out) == 0:
		return fmt.Errorf("all %d call references are in use", s.opt.CallRefs)
	}
	return nil
}

func (s *Switch) lineArg(a *args, key string) int {
	name := a.need(key)
	i, ok := s.byName[callmodel.DN(name)]
	if !ok {
		first := s.opt.FirstDN
		a.fail(key, fmt.Errorf("there is no DN %q: extensions are %d to %d, there are %d trunks from T1", name, first, first+s.opt.Extensions-1, s.opt.Trunks))
	}
	return i
}

// callArg reads the name of a call that is up, or a DN: then it is the call there that rings, or else the one that is not on hold.
func (s *Switch) callArg(a *args) (ref uint32, at callmodel.DN, err error) {
	name := a.need("name")
	if err := a.done(); err != nil {
		return 0, "", err
	}
	if ref, ok := s.calls.byName[name]; ok {
		return ref, "", nil
	}
	at = callmodel.DN(name)
	for r := range s.calls.table {
		if c := s.table.At(uint32(r)); c != nil {
			if i := c.Find(at); i >= 0 && (ref == 0 || c.At(i).State == callmodel.PartyRinging) {
				ref = uint32(r)
			}
		}
	}
	if ref == 0 {
		return 0, "", fmt.Errorf("there is no call %q, and none at a DN of that name", name)
	}
	return ref, at, nil
}

func (s *Switch) cmdAnswer(a *args, out *node.Output) error {
	ref, at, err := s.callArg(a)
	if err != nil {
		return err
	}
	c := s.table.At(ref)
	i := c.Waiting()
	if at != "" {
		i = c.Find(at)
	}
	if i < 0 || c.At(i).State != callmodel.PartyRinging {
		return errors.New("the call does not ring, or is answered already")
	}
	s.answerAt(ref, at, out)
	return nil
}

// cmdRelease: of a party that is named by its DN, the call goes on if two others stay.
func (s *Switch) cmdRelease(a *args, out *node.Output) error {
	ref, at, err := s.callArg(a)
	if err == nil {
		s.hangUp(ref, at, asked{}, out)
	}
	return err
}

// hangUp: a party leaves a call, which ends unless two others stay; it ends as well if no party is named.
func (s *Switch) hangUp(ref uint32, at callmodel.DN, by asked, out *node.Output) {
	s.by = by
	if at != "" && s.table.At(ref).Len() > 2 {
		s.drop(ref, at, "", 0, out)
	} else {
		s.end(ref, ending{by: at}, out)
	}
	s.by = asked{}
}

func (s *Switch) cmdStuck(a *args, out *node.Output) error {
	ref, _, err := s.callArg(a)
	if err == nil {
		s.release(ref, true, out)
	}
	return err
}

func (s *Switch) cmdReleaseAll(a *args, out *node.Output) error {
	if err := a.done(); err != nil {
		return err
	}
	s.releaseAll(out)
	return nil
}

// cmdLink: link peer=A|B state=up|down|silent.
func (s *Switch) cmdLink(a *args, out *node.Output) error {
	peer, stateName := a.need("peer"), a.need("state")
	if err := a.done(); err != nil {
		return err
	}
	id, err := wire.ParseID(peer)
	if err != nil || !id.IsTServer() {
		return fmt.Errorf("peer: the T-Servers are A and B, not %q", peer)
	}
	state, ok := linkStates[stateName]
	if !ok {
		return fmt.Errorf("state: a CTI link is %q, not %q", sortedKeys(linkStates), stateName)
	}
	s.setLink(s.link(id), state, out)
	out.Note(node.Note{Kind: node.NoteLink, Peer: id, Text: stateName})
	return nil
}

// cmdAgent: agent dn=1001 state=ready|not-ready|logged-out.
func (s *Switch) cmdAgent(a *args, out *node.Output) error {
	at := s.lineArg(a, "dn")
	var state callmodel.AgentState
	a.fail("state", state.UnmarshalText([]byte(a.need("state"))))
	if err := a.done(); err != nil {
		return err
	}
	l := &s.lines[at]
	if l.typ != callmodel.DNExtension || state == 0 || state > callmodel.AgentReady {
		return errors.New("an agent sits at an extension and is ready, not-ready or logged-out")
	}
	s.setAgent(at, state, 0, out)
	return nil
}
