package twophase

import (
	"fmt"
	"strings"
)

// Promela writes the same system for Spin: one process whose steps are atomic, over the same variables as small as Promela has them, so that both search
// the same states.
func (m Model) Promela() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("/* Two-phase commit (Gray and Lamport: TwoPhase) with %d resource managers. Written by hotpair. */", m.RMs)
	p("byte rm[%d];        /* 0 working, 1 prepared, 2 committed, 3 aborted */", m.RMs)
	p("short known;        /* to be prepared, by the transaction manager */")
	p("short sent;         /* Prepared, by whom */")
	p("byte tm;            /* 0 undecided, 1 has committed and sent Commit, 2 has aborted and sent Abort */")
	p("active proctype twophase() {")
	p("  do")
	p("  :: d_step { tm == 0 && known == %d -> tm = 1 }", 1<<m.RMs-1)
	p("  :: d_step { tm == 0 -> tm = 2 }")
	for i := range m.RMs {
		bit := 1 << i
		p("  :: d_step { tm == 0 && (sent & %d) -> known = known | %d }", bit, bit)
		p("  :: d_step { rm[%d] == 0 -> rm[%d] = 1; sent = sent | %d }", i, i, bit)
		p("  :: d_step { rm[%d] == 0 -> rm[%d] = 3 }", i, i)
		p("  :: d_step { tm == 1 -> rm[%d] = 2 }", i)
		p("  :: d_step { tm == 2 -> rm[%d] = 3 }", i)
	}
	p("  od")
	p("}")
	return b.String()
}
