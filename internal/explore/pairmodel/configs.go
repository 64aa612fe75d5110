package pairmodel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotpair/hasync"
	"hotpair/internal/explore"
	"hotpair/internal/node"
)

// Config is a configuration with a name.
type Config struct {
	Name string
	// What says what it is for.
	What string
	Options
	// Family is the name of the configurations that together are what this one is a part of, "" if it stands alone.
	Family string
}

// String says what the configuration has, and what bounds it.
func (c Config) String() string {
	method, publish := hasync.Drain, hasync.Immediate
	if c.Method != "" {
		method = c.Method
	}
	if c.Publish != "" {
		publish = c.Publish
	}
	s := fmt.Sprintf("%s; ha-sync-method %s, ha-publish %s", c.Budget, method, publish)
	if c.AtOnce {
		s += ", ha-sync-dly-lnk-conn false"
	}
	if c.Damped {
		s += ", disconnect-switchover-timeout above 0"
	}
	var bounds []string
	if c.Reports {
		bounds = append(bounds, "what T-Servers report to M arrives at once")
	}
	if c.HA {
		bounds = append(bounds, "what they say to each other, too")
	}
	if c.Events {
		bounds = append(bounds, "both T-Servers hear at once of a call's beginning and end, and with a snapshot of what came after it")
	}
	if c.Lag > 0 {
		bounds = append(bounds, fmt.Sprintf("calls begin and end while at most %d events are under way to each T-Server", c.Lag))
	}
	if len(bounds) > 0 {
		s += "; bounded: " + strings.Join(bounds, ", ")
	}
	return s
}

// Configs are the configurations. The first one is small enough for every test run; together the others have what may happen to a pair.
func Configs() []Config {
	both := func(name, what string, o Options) []Config {
		transfer := o
		transfer.Method = hasync.Transfer
		return []Config{alone(name, what, o), alone(name+"-transfer", what, transfer)}
	}
	return slices.Concat(
		[]Config{alone("quick", "a bit of everything, in a few seconds", Options{
			Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashA, LoseCTIB, CutHA, Command), Any: 1}, Reports: true, HA: true, Lag: 1,
		})},
		anyTwo("calls", hasync.Drain),
		anyTwo("calls-transfer", hasync.Transfer),
		both("lag", "three calls on two references with any one fault, and one T-Server hears of calls later than the other", Options{
			Budget: Budget{Calls: 3, Refs: 2, Each: AnyOf(1), Any: 1}, Reports: true, HA: true, Lag: 2,
		}),
		both("command", "an operator's command, and any fault before, during or after it", Options{
			Budget: Budget{Calls: 2, Refs: 2, Each: with(AnyOf(1), Command), Any: 1}, Reports: true, HA: true, Lag: 1,
		}),
		both("two-failures", "one call spans two failures: A dies, returns, B dies", Options{
			Budget: Budget{Calls: 2, Refs: 2, Each: Faults(CrashA, CrashB)}, Reports: true, HA: true, Lag: 1,
		}),
		both("links", "each CTI link is lost, and the HA link", Options{
			Budget: Budget{Calls: 2, Refs: 2, Each: Faults(LoseCTIA, LoseCTIB, CutHA)}, Reports: true, HA: true, Lag: 1,
		}),
		both("switchover", "an operator's command, and M crashes between its steps; HA messages at any time", Options{
			Budget: Budget{Calls: 2, Refs: 1, Each: Faults(Command, CrashM)}, Reports: true, Lag: 1,
		}),
		both("ha-link", "HA messages at any time, and the HA link breaks", Options{
			Budget: Budget{Calls: 2, Refs: 1, Each: Faults(CutHA, CutHA)}, Reports: true,
		}),
		both("link-down", "the backup dies, and the primary's CTI link is lost while its calls are tagged", Options{
			Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashB, LoseCTIA)}, Reports: true, HA: true, Lag: 1,
		}),
		both("watermark", "HA messages at any time, and the backup dies", Options{
			Budget: Budget{Calls: 2, Refs: 2, Each: Faults(CrashB)}, Reports: true, Lag: 2,
		}),
		[]Config{
			alone("orders", "every order of every message; any fault", Options{Budget: Budget{Refs: 1, Each: with(AnyOf(1), Command), Any: 1}}),
			alone("orders-call", "every order of every message; a call and a command", Options{Budget: Budget{Calls: 1, Refs: 1, Each: Faults(Command)}}),
			alone("replicated", "events wait for the backup (X7), and the primary dies", Options{
				Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashA)}, Publish: hasync.Replicated, Reports: true, Lag: 1,
			}),
			alone("damped", "M waits before it takes a lost T-Server for failed (X11)", Options{
				Budget: Budget{Calls: 1, Refs: 1, Each: with(AnyOf(1), Command), Any: 1}, Damped: true, Reports: true, HA: true,
			}),
			alone("registrations", "registrations travel, with the first fault of any kind", Options{
				Budget: Budget{Calls: 1, Refs: 1, Each: with(AnyOf(1), Command), Any: 1}, Reports: true, HA: true, Lag: 1, Registrations: true,
			}),
			alone("announced-at-once", "ha-sync-dly-lnk-conn: false (R13)", Options{
				Budget: Budget{Calls: 1, Refs: 1, Each: with(AnyOf(1), Command), Any: 1}, AtOnce: true, Reports: true, HA: true, Lag: 1,
			}),
		},
	)
}

func alone(name, what string, o Options) Config { return Config{Name: name, What: what, Options: o} }

// anyTwo is a family: three calls on two references, and each two kinds of fault. Together these are any two faults, which are too many states for one search.
func anyTwo(family string, method hasync.SyncMethod) (list []Config) {
	for one := range Command {
		for other := one; other < Command; other++ {
			c := alone(fmt.Sprintf("%s-%s-%s", family, one.word(), other.word()), "calls whose references are reused, and these two faults", Options{
				Budget: Budget{Calls: 3, Refs: 2, Each: Faults(one, other)}, Method: method, Reports: true, HA: true, Events: true,
			})
			c.Family = family
			list = append(list, c)
		}
	}
	return list
}

func with(each [faultKinds]int, more ...Fault) [faultKinds]int {
	for _, f := range more {
		each[f]++
	}
	return each
}

// Named returns the configuration with this name.
func Named(name string) (Config, error) {
	list, err := Select(name)
	switch {
	case err != nil:
		return Config{}, err
	case list[0].Name != name:
		return Config{}, fmt.Errorf("%q are %d configurations, %s and others", name, len(list), list[0].Name)
	}
	return list[0], nil
}

// Select returns the configuration with this name, or those of the family with this name.
func Select(name string) (list []Config, err error) {
	var names []string
	for _, c := range Configs() {
		if c.Name == name || c.Family == name && name != "" {
			list = append(list, c)
		}
		if c.Family == "" {
			names = append(names, c.Name)
		} else if !slices.Contains(names, c.Family) {
			names = append(names, c.Family)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no configuration %q; there are %s", name, strings.Join(names, ", "))
	}
	return list, nil
}

// Bounds end a hunt.
type Bounds struct {
	States  uint64        // 0: no bound
	Memory  int64         // bytes; 0: no bound
	For     time.Duration // 0: no bound
	Workers int           // 0: all cores
	// Cycles looks for cycles without progress, too, if nothing else is wrong.
	Cycles bool
}

// Found is what a hunt found.
type Found struct {
	// Monitor is the name of what does not hold (S1 to S5, L1, L3, or cycle), "" if everything that was seen holds; Text says what is wrong.
	Monitor, Text string
	// Path are the steps that lead there, and Scenario is a scenario that takes them.
	Path     []string
	Scenario string
	// Complete: every reachable state was seen. Panic is what a node said that found its own invariants broken; that is no catch.
	Complete bool
	Panic    string
	explore.Stats
}

// Hunt explores a configuration with rules switched off, until something is wrong, a bound is reached, or everything was seen.
func Hunt(ctx context.Context, c Config, without node.Rules, b Bounds) (f Found) {
	defer func() {
		if p := recover(); p != nil {
			f.Panic = fmt.Sprint(p)
		}
	}()
	c.Without = c.Without.With(without)
	m := New(c.Options)
	r := explore.Search(m, explore.Options{
		Workers: b.Workers, MaxStates: b.States, MaxMemory: b.Memory, For: b.For, Cycles: b.Cycles, Stop: func() bool { return ctx.Err() != nil },
	})
	f = Found{Text: r.Wrong, Path: r.Path, Complete: r.Complete, Stats: r.Stats}
	if r.Wrong != "" {
		f.Monitor = Monitor(r.Wrong)
		f.Scenario = m.Scenario(c, &r)
	}
	return f
}

// Monitor returns the name of the monitor that says what is wrong.
func Monitor(wrong string) string {
	if name, _, ok := strings.Cut(wrong, ": "); ok && len(name) == 2 {
		return name
	}
	return "cycle"
}
