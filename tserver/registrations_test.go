package tserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/switchsim"
	"hotpair/tserver"
)

var client2 = wire.Client(2)

// lateBackup boots B, at which no client registers anything.
func (p *phone) lateBackup() {
	p.boot(wire.B)
	p.say(wire.MLayer, wire.B, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A, Inc: 1})
}

// registers lets client 2 register a DN at a T-Server, and returns the answer.
func (p *phone) registers(at wire.ID, dn callmodel.DN, mode callmodel.RegMode) wire.Message {
	p.t.Helper()
	return p.answer(at, wire.Message{Kind: wire.RegisterAddress, ThisDN: dn, Mode: mode})
}

// answer lets client 2 make a request, and returns what answers it.
func (p *phone) answer(at wire.ID, m wire.Message) wire.Message {
	p.t.Helper()
	answers := p.ask(client2, at, m)
	require.NotEmpty(p.t, answers, m.Kind)
	return answers[0]
}

// relink lets the link of an incarnation of client 2 come up.
func (p *phone) relink(at wire.ID, inc uint64) {
	p.up[[2]wire.ID{at, client2}], p.up[[2]wire.ID{client2, at}] = true, true
	p.step(at, node.Input{Kind: node.PortUp, Peer: client2, Inc: inc})
	p.run()
}

// leaves takes the link of client 2 down.
func (p *phone) leaves(at wire.ID, cause node.Cause) {
	p.up[[2]wire.ID{at, client2}], p.up[[2]wire.ID{client2, at}] = false, false
	p.step(at, node.Input{Kind: node.PortDown, Peer: client2, Cause: cause})
	p.run()
}

// served reports whether client 2 hears of a call at 1001, and may answer it, at the primary.
func (p *phone) served() (hears, may bool) {
	before := len(p.heard[client2])
	p.do("call", "name", "s", "from", "1005", "to", "1001")
	var connID callmodel.ConnID
	for _, m := range p.heard[client2][before:] {
		if m.Kind == wire.EventRinging && m.ThisDN == "1001" {
			hears, connID = true, m.ConnID
		}
	}
	if a := p.answer(p.primary(), wire.Message{Kind: wire.RequestSetDNDOn, ThisDN: "1001"}); a.Kind != wire.EventError {
		p.answer(p.primary(), wire.Message{Kind: wire.RequestSetDNDOff, ThisDN: "1001"})
		may = true
	} else {
		require.Equal(p.t, callmodel.ErrNotRegistered, a.Code)
	}
	p.do("release", "name", "s")
	require.Equal(p.t, connID != 0, hears)
	return hears, may
}

// mayHave reports whether client 1, which has all DNs, could have 1001 for more than its events.
func (p *phone) mayHave() bool {
	p.t.Helper()
	answers := p.ask(wire.Client(1), p.primary(), wire.Message{Kind: wire.RegisterAddress, ThisDN: "1001"})
	require.Len(p.t, answers, 1)
	if answers[0].Kind == wire.EventRegistered {
		return true
	}
	require.Equal(p.t, callmodel.ErrBusy, answers[0].Code)
	return false
}

// TestR12RegistrationsSurviveTheFailover: a registration that only the primary was told is in force at its successor, whether the backup was there when it was made or came
// later, and whether the client has a session there already or comes later. With a peer of the first version it is not: so this is what does it.
func TestR12RegistrationsSurviveTheFailover(t *testing.T) {
	for name, tc := range map[string]struct {
		late, connected bool
		version         uint32
		survives        bool
	}{
		"made before the backup came":     {late: true, connected: true, version: wire.Version, survives: true},
		"made while the backup was there": {connected: true, version: wire.Version, survives: true},
		"the client comes later":          {late: true, version: wire.Version, survives: true},
		"of the first version":            {connected: true, version: wire.FirstVersion},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPhone(t, func(_ *switchsim.Options, o *tserver.Options) { o.ProtocolVersion = tc.version })
			if !tc.late {
				p.lateBackup()
			}
			require.Equal(t, wire.EventRegistered, p.registers(wire.A, "1001", callmodel.RegPrivate).Kind)
			require.Equal(t, wire.EventRegistered, p.registers(wire.A, "1003", callmodel.RegShare).Kind)
			require.Equal(t, wire.EventUnregistered, p.answer(wire.A, wire.Message{Kind: wire.UnregisterAddress, ThisDN: "1003"}).Kind)
			if tc.late {
				p.lateBackup()
			}
			if !tc.connected {
				p.leaves(wire.B, node.CauseTimeout)
			}
			require.True(t, p.ready(wire.A))
			require.True(t, p.ready(wire.B))
			p.die()
			require.Equal(t, !tc.survives, p.mayHave(), "it is client 2's alone")
			if !tc.connected {
				p.relink(wire.B, 1)
			}
			hears, may := p.served()
			require.Equal(t, tc.survives, hears)
			require.Equal(t, tc.survives, may)
			require.Equal(t, callmodel.ErrNotRegistered, p.answer(wire.B, wire.Message{Kind: wire.RequestSetDNDOn, ThisDN: "1003"}).Code, "it had ended")
		})
	}
}

// TestR12RegistrationsThatEnded: in an orderly way, because another process came in the client's place, because it did not come back in time, and because a grace of 0 was
// wanted. The primary serves it no more, and nor does its successor.
func TestR12RegistrationsThatEnded(t *testing.T) {
	timer := node.Timer{Kind: 21, Key: uint32(client2)}
	for name, tc := range map[string]struct {
		grace time.Duration
		end   func(p *phone)
		inc   uint64 // of the client that comes
		kept  bool
	}{
		"lost and back": {time.Minute, func(p *phone) { p.leaves(wire.A, node.CauseTimeout) }, 1, true},
		"goodbye":       {time.Minute, func(p *phone) { p.leaves(wire.A, node.CauseGoodbye) }, 1, false},
		"another process": {time.Minute, func(p *phone) {
			p.leaves(wire.A, node.CauseTimeout)
			p.relink(wire.A, 2)
			p.leaves(wire.A, node.CauseTimeout)
		}, 2, false},
		"not back in time": {time.Minute, func(p *phone) {
			p.leaves(wire.A, node.CauseTimeout)
			require.True(p.t, p.timers[wire.A][timer])
			require.False(p.t, p.mayHave(), "it may be back")
			p.step(wire.A, node.Input{Kind: node.Fired, Timer: timer})
			p.run()
		}, 1, false},
		"no grace": {0, func(p *phone) { p.leaves(wire.A, node.CauseTimeout) }, 1, false},
		"kicked": {time.Minute, func(p *phone) {
			p.up[[2]wire.ID{wire.A, client2}], p.closed = false, true
			p.step(wire.A, node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "kick", Args: map[string]string{"client": "C2"}}})
			p.run()
		}, 1, false},
	} {
		for _, dies := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := newPhone(t, func(_ *switchsim.Options, o *tserver.Options) { o.RegistrationGrace = tc.grace })
				p.lateBackup()
				require.Equal(t, wire.EventRegistered, p.registers(wire.A, "1001", callmodel.RegPrivate).Kind)
				p.leaves(wire.B, node.CauseTimeout)
				tc.end(p)
				if dies {
					p.die()
				}
				p.relink(p.primary(), tc.inc)
				require.Equal(t, !tc.kept, p.mayHave())
				hears, may := p.served()
				require.Equal(t, [2]bool{tc.kept, tc.kept}, [2]bool{hears, may})
			})
		}
	}
}

// TestR12AClientKeepsWhatItHasWithTheBackup: what it has registered there itself does not end because the primary's has.
func TestR12AClientKeepsWhatItHasWithTheBackup(t *testing.T) {
	p := newPhone(t, nil)
	p.lateBackup()
	for _, at := range []wire.ID{wire.A, wire.B} {
		require.Equal(t, wire.EventRegistered, p.registers(at, "1001", callmodel.RegPrivate).Kind)
	}
	p.ask(client2, wire.A, wire.Message{Kind: wire.UnregisterAddress, ThisDN: "1001"})
	p.die()
	hears, may := p.served()
	require.True(t, hears && may)
}

// TestR12AClientTellsTheBackupThatItEnds: the primary may die before it has told.
func TestR12AClientTellsTheBackupThatItEnds(t *testing.T) {
	p := newPhone(t, nil)
	p.lateBackup()
	require.Equal(t, wire.EventRegistered, p.registers(wire.A, "1001", callmodel.RegPrivate).Kind)
	require.Equal(t, wire.EventUnregistered, p.answer(wire.B, wire.Message{Kind: wire.UnregisterAddress, ThisDN: "1001"}).Kind)
	p.die()
	hears, may := p.served()
	require.False(t, hears || may)
}

// TestR12WhatEndedWhileTheHALinkWasDown: the backup is told all registrations again, and forgets the others; not before it has been told all, since the primary may die
// in between.
func TestR12WhatEndedWhileTheHALinkWasDown(t *testing.T) {
	for _, told := range []bool{true, false} {
		p := newPhone(t, nil)
		p.lateBackup()
		require.Equal(t, wire.EventRegistered, p.registers(wire.A, "1001", callmodel.RegPrivate).Kind)
		p.cut(wire.A, wire.B)
		require.Equal(t, wire.EventUnregistered, p.answer(wire.A, wire.Message{Kind: wire.UnregisterAddress, ThisDN: "1001"}).Kind)
		p.link(wire.A, wire.B)
		if told {
			p.run()
		} else {
			p.queue = nil
		}
		p.die()
		hears, may := p.served()
		require.Equal(t, [2]bool{!told, !told}, [2]bool{hears, may})
	}
}

// TestX7RegistrationsWaitForTheBackup: a client is told that it is registered, or is not any more, when the backup knows, or when the HA link is down. The link is not
// closed for that, and a client that leaves is not told.
func TestX7RegistrationsWaitForTheBackup(t *testing.T) {
	for name, tc := range map[string]struct {
		then func(r *rig)
		told bool
	}{
		"acknowledged":         {func(r *rig) { r.hear(wire.B, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: 2}) }, true},
		"the HA link is down":  {func(r *rig) { r.down(wire.B) }, true},
		"the client is gone":   {func(r *rig) { r.down(client1) }, false},
		"it is no primary now": {func(r *rig) { r.appoint(wire.B, 2, false) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := primary(t, nil)
			r.up(client1, wire.B)
			r.hear(wire.B, wire.Message{Kind: wire.PeerState, Epoch: 1, Role: wire.Backup, CTI: callmodel.CTISynchronized, Version: wire.Version})
			r.hear(wire.B, backupReady(5))
			require.Equal(t, wire.Message{Kind: wire.RegistrationTold, Epoch: 1}, r.one(wire.B, wire.RegistrationTold), "there were none")
			r.hear(client1, wire.Message{Kind: wire.RegisterAddress, ThisDN: "*", RefID: 7})
			r.none(client1, wire.EventRegistered)
			told := r.one(wire.B, wire.RegistrationTold)
			require.Equal(t, wire.Message{Kind: wire.RegistrationTold, Epoch: 1, Num: 1, Client: client1, Inc: 1, ThisDN: "*", Mode: callmodel.RegShare}, told)
			require.Zero(t, r.setsPublishTimer())
			r.restored()
			r.hear(client1, wire.Message{Kind: wire.UnregisterAddress, ThisDN: "*", RefID: 8})
			require.Equal(t, wire.Message{Kind: wire.RegistrationTold, Epoch: 1, Num: 2, Client: client1, Inc: 1, ThisDN: "*"}, r.one(wire.B, wire.RegistrationTold))
			r.none(client1, wire.EventUnregistered)
			tc.then(r)
			r.restored()
			if tc.told {
				require.Equal(t, uint64(7), r.one(client1, wire.EventRegistered).RefID)
				require.Equal(t, uint64(8), r.one(client1, wire.EventUnregistered).RefID)
			} else {
				r.none(client1, wire.EventRegistered)
				r.up(client1)
				r.none(client1, wire.EventRegistered)
			}
		})
	}
}

// TestR12RegistrationsThatNobodyCanHaveMade are bad input, and those of a process that is gone are none.
func TestR12RegistrationsThatNobodyCanHaveMade(t *testing.T) {
	r := backup(t, nil)
	r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, true)
	for _, m := range []wire.Message{{Client: wire.A, Inc: 1, ThisDN: "1001", Mode: callmodel.RegShare}, {Client: client1, ThisDN: "1001"}} {
		m.Kind, m.Epoch, m.Num = wire.RegistrationTold, 1, 3
		r.hear(wire.A, m)
		require.Equal(t, node.NoteBadInput, r.out.Notes[0].Kind)
		require.Equal(t, uint64(3), r.one(wire.A, wire.CallNamedAck).Num)
	}
	before := r.server.AppendCanonical(nil)
	r.step(node.Input{Kind: node.PortUp, Peer: client1, Inc: 4})
	up := r.server.AppendCanonical(nil)
	r.hear(wire.A, wire.Message{Kind: wire.RegistrationTold, Epoch: 1, Client: client1, Inc: 3, ThisDN: "1001", Mode: callmodel.RegShare})
	require.Equal(t, up, r.server.AppendCanonical(nil))
	require.NotEqual(t, before, up)
}
