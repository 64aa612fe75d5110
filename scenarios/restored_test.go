package scenarios

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/cast"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// mortal is a node that is made anew from its canonical bytes after every step.
type mortal struct {
	node.Node
	id wire.ID
	c  *config.Config
}

func (m *mortal) Step(in *node.Input, out *node.Output) {
	m.Node.Step(in, out)
	if in.Kind != node.Start && unstorable(out) {
		return // whether that is stored is known in the next step
	}
	before := m.AppendCanonical(nil)
	again := cast.New(m.id, m.c)
	if err := again.Restore(before); err != nil {
		panic(fmt.Sprintf("%s: %v", m.id, err))
	}
	if after := again.AppendCanonical(nil); !bytes.Equal(before, after) {
		panic(fmt.Sprintf("%s is not the same after it was restored:\n%x\n%x", m.id, before, after))
	}
	m.Node = again
}

func unstorable(out *node.Output) bool {
	for i := range out.Ops {
		if k := out.Ops[i].Kind; k == node.OpPersist || k == node.OpStore {
			return true
		}
	}
	return false
}

// TestARestoredNodeBehavesAsTheOriginal: all scenarios of client failover with T-Servers and clients that are made anew after every step.
func TestARestoredNodeBehavesAsTheOriginal(t *testing.T) {
	for _, sc := range all(t, "clientfailover") {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			plain, trace := play(t, sc, Options{})
			restored, again := play(t, sc, Options{newNode: func(id wire.ID, c *config.Config) node.Node {
				if n := cast.New(id, c); id == wire.Switch {
					return n
				} else {
					return &mortal{Node: n, id: id, c: c}
				}
			}})
			require.Equal(t, plain.Verdict, restored.Verdict, restored.Text())
			require.Equal(t, len(trace), len(again))
			require.True(t, bytes.Equal(trace, again), "the traces differ")
		})
	}
}
