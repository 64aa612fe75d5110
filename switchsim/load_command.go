package switchsim

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
)

// cmdLoad: load erlangs=20|calls-per-hour=360 hold=exp:180s [ring=5s] [inbound=0.5] [seed=1] [name=sales] [group=sales] [curve=0.5,1,2 [day=24h] [start=8h]] [queue=Q1
// [patience=exp:60s]] [transfers=0.1] [conferences=0.1] [consult-transfers=0.1] [consult-conferences=0.1].
func (s *Switch) cmdLoad(a *args, out *node.Output) error {
	l := load{ring: a.duration("ring", 5*time.Second, time.Hour), inbound: a.number("inbound", 0.5, 0, 1)}
	hold := a.need("hold")
	if a.err == nil {
		var err error
		l.hold, err = parseHolding(hold)
		a.fail("hold", err)
	}
	l.rate = a.rate(l.ring + l.hold.mean)
	seed := uint64(1)
	if v, ok := a.str("seed"); ok {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			a.fail("seed", fmt.Errorf("a whole number from 0 is wanted, not %q", v))
		}
	}
	l.first, l.last = s.trunksArg(a)
	if l.inbound > 0 && s.opt.Trunks == 0 {
		a.fail("inbound", errors.New("the switch has no trunks for inbound calls; set inbound=0, or the option trunks"))
	}
	start := a.curve(&l.curve)
	s.queueArg(a, &l)
	l.transfers, l.conferences = a.number("transfers", 0, 0, 1), a.number("conferences", 0, 0, 1)
	l.consultTransfers, l.consultConferences = a.number("consult-transfers", 0, 0, 1), a.number("consult-conferences", 0, 0, 1)
	if l.transfers+l.conferences+l.consultTransfers+l.consultConferences > 1 {
		a.fail("conferences", errors.New("transfers and conferences, in one step or with a consultation, are shares of all calls, and more than all cannot be"))
	}
	if l.name, _ = a.str("name"); len(l.name) > maxName {
		a.fail("name", fmt.Errorf("a name has at most %d characters", maxName))
	}
	if err := a.done(); err != nil {
		return err
	}
	i := s.loadOf(l.name)
	if i < 0 {
		return fmt.Errorf("name: a switch has at most %d loads", maxLoads)
	}
	s.startLoad(i, l, seed, start, out)
	return nil
}

// rate reads what is offered: erlangs, which are the rate times the mean occupancy (ringing and holding), or calls an hour. It is in calls per second.
func (a *args) rate(occupancy time.Duration) float64 {
	erlangs, perHour := a.number("erlangs", 0, 1e-6, 1e6), a.number("calls-per-hour", 0, 1e-6, 1e9)
	switch {
	case a.err != nil:
	case erlangs == 0 && perHour == 0:
		a.fail("erlangs", errors.New("is missing; calls-per-hour may stand in its place"))
	case erlangs > 0 && perHour > 0:
		a.fail("calls-per-hour", errors.New("either erlangs or calls-per-hour is wanted, not both"))
	case perHour > 0:
		return perHour / 3600
	}
	return erlangs / occupancy.Seconds()
}

// curve reads how the load changes over the day, and returns at what time of the day it begins.
func (a *args) curve(c *curve) time.Duration {
	day, start := a.duration("day", 24*time.Hour, maxDay), a.duration("start", 0, maxDay)
	v, ok := a.str("curve")
	if !ok {
		_, withDay := a.str("day")
		_, withStart := a.str("start")
		if withDay || withStart {
			a.fail("curve", errors.New("is missing; day and start are the curve's"))
		}
		return 0
	}
	factors, err := parseFactors(v)
	switch {
	case err != nil:
	case day < time.Duration(len(factors))*time.Millisecond:
		err = fmt.Errorf("a slot lasts at least 1ms, so a day of %d slots not %s", len(factors), day)
	case start >= day:
		err = fmt.Errorf("start is before the end of the day, %s, and not %s", day, start)
	}
	a.fail("curve", err)
	c.factors, c.day = factors, day
	return start
}

// trunksArg reads a trunk group, and returns its trunks; all trunks if none is given.
func (s *Switch) trunksArg(a *args) (first, last int) {
	first, last = s.opt.Extensions, s.opt.Extensions+s.opt.Trunks
	name, ok := a.str("group")
	if !ok {
		return first, last
	}
	for _, g := range s.opt.TrunkGroups {
		last = first + g.Trunks
		if g.Name == name {
			return first, last
		}
		first = last
	}
	a.fail("group", fmt.Errorf("the switch has no trunk group %q; it has %q", name, s.opt.groupNames()))
	return first, last
}

// queueArg reads the queue to which the calls go, and how long they wait there.
func (s *Switch) queueArg(a *args, l *load) {
	patience, patient := a.str("patience")
	if patient {
		var err error
		l.patience, err = parseHolding(patience)
		a.fail("patience", err)
	}
	name, ok := a.str("queue")
	switch at, known := s.byName[callmodel.DN(name)]; {
	case !ok && patient:
		a.fail("patience", errors.New("is of calls that wait in a queue; queue is missing"))
	case !ok:
	case !known || s.lines[at].typ != callmodel.DNQueue:
		a.fail("queue", fmt.Errorf("the switch has no queue %q: it has %d, from Q1", name, s.opt.Queues))
	default:
		l.queue = at + 1
	}
}

// cmdLoadStop: load-stop [name=sales]. It ends the arrivals of one load, or of all.
func (s *Switch) cmdLoadStop(a *args, out *node.Output) error {
	name, one := a.str("name")
	if err := a.done(); err != nil {
		return err
	}
	found := !one
	for i := range s.loads {
		if !one || s.loads[i].name == name {
			found = true
			s.stopLoad(i, out)
		}
	}
	if !found {
		return fmt.Errorf("name: there is no load %q", name)
	}
	return nil
}
