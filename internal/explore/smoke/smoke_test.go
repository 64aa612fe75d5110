package smoke

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/cast"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// model is a pair with few lines and call references, so that references are reused, and no clients.
func model(without node.Rules, b Budget, change func(*config.Config)) *Model {
	c := config.Default()
	c.Clients = 0
	c.Switch.Extensions, c.Switch.Trunks, c.Switch.CallRefs, c.Switch.SyncTime = 4, 0, 2, 0
	c.A.MaxCallRef, c.B.MaxCallRef = 2, 2
	c.M.HaflipDetectTimeout = 0 // a timer that changes nothing but an alarm
	for _, o := range []*tserver.Options{&c.A, &c.B} {
		// What is kept for clients would tell states apart that behave alike; what waits for the backup has a search of its own.
		o.ResumeBuffer, o.HAPublish = 0, hasync.Immediate
		o.KplInterval = 0 // keep-alive requests would tell states apart by their number
	}
	if change != nil {
		change(&c)
	}
	c.Off(without)
	call := func(verb string, n int) *node.Command {
		return &node.Command{Verb: verb, Args: map[string]string{"name": "c" + strconv.Itoa(n)}}
	}
	return &Model{
		New:    func(id wire.ID) node.Node { return cast.New(id, &c) },
		Budget: b,
		Call: func(n int) *node.Command {
			cmd := call("call", n)
			cmd.Args["from"], cmd.Args["to"] = "1001", "1002"
			return cmd
		},
		Release:   func(n int) *node.Command { return call("release", n) },
		Command:   &node.Command{Verb: "switchover", Args: map[string]string{"force": "true"}},
		Check:     check,
		MaxStates: 40_000,
	}
}

// check holds S1, S3 and L1 against a state.
func check(v *View, rest bool) string {
	a, b := engine(v, wire.A), engine(v, wire.B)
	if a == nil || b == nil {
		return ""
	}
	if a.Role() == wire.Primary && b.Role() == wire.Primary && a.Epoch() == b.Epoch() {
		return fmt.Sprintf("S1: two primaries of epoch %d", a.Epoch())
	}
	if wrong := sameConnIDs(v, a, b); wrong != "" {
		return wrong
	}
	calls := v.Budget.Calls%2 == 1 // one is in progress, and can hold a backup up for as long as it lasts (R6)
	whole := a.Announced() && b.Announced() && a.Epoch() == b.Epoch() && (a.Role() == wire.Primary) != (b.Role() == wire.Primary)
	if rest && !calls && !whole {
		return fmt.Sprintf("L1: at rest A is %s of %d (announced %t), B is %s of %d (announced %t)",
			a.Role(), a.Epoch(), a.Announced(), b.Role(), b.Epoch(), b.Announced())
	}
	aReady, _ := a.Readiness()
	bReady, _ := b.Readiness()
	if rest && !calls && (!aReady || !bReady) {
		return "L1: at rest, with no call in progress, the pair is not synchronized"
	}
	return ""
}

// sameConnIDs is S3: both say that they are synchronized, and nothing is under way to either of them.
func sameConnIDs(v *View, a, b *hasync.Engine) string {
	aReady, _ := a.Readiness()
	bReady, _ := b.Readiness()
	if !aReady || !bReady {
		return ""
	}
	for l := range v.Links[:3] {
		if len(v.Links[l].Queue[0])+len(v.Links[l].Queue[1]) > 0 {
			return ""
		}
	}
	for ref := range min(a.Refs(), b.Refs()) {
		if call := a.HeldAt(ref); call != (callmodel.CallID{}) && b.Held(call) && a.ConnID(call) != b.ConnID(call) {
			return fmt.Sprintf("S3: call %s is %s at A and %s at B", call, a.ConnID(call), b.ConnID(call))
		}
	}
	return ""
}

func engine(v *View, id wire.ID) *hasync.Engine {
	if v.Node[id] == nil {
		return nil
	}
	return v.Node[id].(*tserver.Server).Engine()
}

// TestSmoke searches the pair with two calls, the second of which reuses the call reference of the first, and one fault or
// command at a time.
func TestSmoke(t *testing.T) {
	for name, b := range map[string]Budget{
		"nothing":     {Calls: 4},
		"one crash":   {Calls: 4, Crashes: 1},
		"CTI lost":    {Calls: 4, CTI: 1},
		"HA link cut": {Calls: 4, HA: 1},
		"switchover":  {Calls: 4, Commands: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := model(0, b, nil).Search()
			t.Log(res)
			require.Empty(t, res.Wrong, res.String())
			require.Greater(t, res.States, 100)
		})
	}
}

// TestSmokeReplicated: events wait for the backup (X7), and the primary may close the HA link at any time, because they waited too long.
func TestSmokeReplicated(t *testing.T) {
	t.Parallel()
	res := model(0, Budget{Calls: 2, Crashes: 1}, func(c *config.Config) {
		c.A.HAPublish, c.B.HAPublish = hasync.Replicated, hasync.Replicated
	}).Search()
	t.Log(res)
	require.Empty(t, res.Wrong, res.String())
	require.Greater(t, res.States, 100)
}

// TestSmokeDamped: M waits, for as long as it may be, before it takes a lost T-Server for failed (X11).
func TestSmokeDamped(t *testing.T) {
	t.Parallel()
	m := model(0, Budget{Crashes: 1}, func(c *config.Config) { c.M.DisconnectSwitchoverTimeout = 1 })
	m.MaxStates = 10_000
	res := m.Search()
	t.Log(res)
	require.Empty(t, res.Wrong, res.String())
	require.Greater(t, res.States, 100)
}

// TestSmokeWithoutARule: the search finds what X3, X5 and X6 are for.
func TestSmokeWithoutARule(t *testing.T) {
	for _, c := range []struct {
		without node.Rules
		budget  Budget
		wrong   string
	}{
		{node.X3, Budget{Calls: 4}, "S3: call "},
		{node.X5, Budget{Calls: 4, HA: 1}, "L1: at rest"},
		{node.X6, Budget{Calls: 2, Commands: 1}, "S1: two primaries"},
	} {
		t.Run(c.without.String(), func(t *testing.T) {
			res := model(c.without, c.budget, nil).Search()
			require.Contains(t, res.Wrong, c.wrong)
			require.NotEmpty(t, res.Path)
		})
	}
}
