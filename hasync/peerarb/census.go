package peerarb

import (
	"slices"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// window is the time in which losses belong to one event; zero while it is closed. Only the configured primary has one, while it is active.
type window struct {
	open    bool
	base    int       // how many clients held a session just before it opened
	noted   []wire.ID // those of them that have not logged out since, sorted
	link    bool      // the link was lost in this event
	asked   bool      // a request was sent in it (P9): one per window
	expired bool      // its time is over, and the request is outstanding
}

// leave: a logout is no loss.
func (w *window) leave(id wire.ID) {
	if i, found := slices.BinarySearch(w.noted, id); found {
		w.noted = slices.Delete(w.noted, i, i+1)
	}
}

// censusOfOneself takes the loss of the server's own connection for losses of the link and of all clients (census-carrier).
func (a *Arbiter) censusOfOneself(out *node.Output) {
	if a.self == wire.A && a.state == Active && len(a.sessions) > 0 {
		a.openWindow(out)
		a.window.link, a.sessions, a.link = true, nil, link{}
		a.settleCensus(out)
	}
}

// lost counts those noted who hold no session now: a client that is back is not lost.
func (a *Arbiter) lost() (lost int) {
	for _, id := range a.window.noted {
		if _, here := slices.BinarySearch(a.sessions, id); !here {
			lost++
		}
	}
	return lost
}

// clientLost and linkLost open the window at the first loss. The client that is lost still has its session.
func (a *Arbiter) clientLost(out *node.Output) {
	if a.takesCensus() && !a.window.open {
		a.openWindow(out)
	}
}

func (a *Arbiter) linkLost(out *node.Output) {
	wasAsked := a.request.outstanding
	a.endRequest(out)
	if !a.takesCensus() {
		return
	}
	w := &a.window
	switch {
	case !w.open:
		a.openWindow(out)
	case w.expired && wasAsked: // P9 turns into P8, and what belongs to this loss may still be noticed
		w.expired = false
		out.Set(node.Timer{Kind: windowTimer}, a.opt.ClientLossWindow)
	}
	w.link = true
}

func (a *Arbiter) takesCensus() bool { return a.self == wire.A && a.state == Active && a.carrier }

func (a *Arbiter) openWindow(out *node.Output) {
	a.window = window{open: true, base: len(a.sessions), noted: slices.Clone(a.sessions)}
	out.Set(node.Timer{Kind: windowTimer}, a.opt.ClientLossWindow)
}

func (a *Arbiter) closeWindow(out *node.Output) {
	if a.window.open && !a.window.expired {
		out.Cancel(node.Timer{Kind: windowTimer})
	}
	a.window = window{}
}

// windowOver: the time is over; the window does not close while its request is outstanding.
func (a *Arbiter) windowOver(out *node.Output) {
	if a.request.outstanding || a.opt.Without.Has(node.CensusWindow) {
		a.window.expired = true
		return
	}
	a.window.expired = true // the timer is not armed
	a.closeWindow(out)
}

// settleCensus: P8 and P9.
func (a *Arbiter) settleCensus(out *node.Output) {
	w := &a.window
	if !w.open || a.noStore {
		return
	}
	lost := a.lost()
	switch {
	case a.opt.Without.Has(node.CensusState) && !a.lostNow:
	case w.link && !a.link.up && 2*lost > w.base && !a.opt.Without.Has(node.P8Deactivates):
		base := w.base
		a.noteLast(out, func(out *node.Output) {
			noteCensus("P8", lost, base, out)
			a.deactivate("P8", out)
		}, nil)
	case a.link.told && a.link.holder == a.self && (!w.asked || a.asksAgain()) && lost >= a.opt.PartialLossMin && 100*lost >= a.opt.PartialLossThreshold*w.base:
		noteCensus("P9", lost, w.base, out)
		a.sendRequest(out)
	}
}

// noteCensus states the census that a decision rests on.
func noteCensus(rule string, lost, base int, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteCensus, Text: rule, N: uint64(lost), M: uint64(base)})
}

// asksAgain reports whether a request is sent though there was one in this window (request-per-window): at every loss.
func (a *Arbiter) asksAgain() bool {
	return a.opt.Without.Has(node.RequestPerWindow) && a.lostNow && !a.request.outstanding
}
