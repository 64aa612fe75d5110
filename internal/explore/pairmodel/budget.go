package pairmodel

import (
	"fmt"
	"math/bits"
	"strings"
)

// Fault is a kind of fault or command that the environment may spend.
type Fault uint8

// The kinds. A node that crashed is started again, and a link that was cut comes up again, at any time.
const (
	CrashA Fault = iota
	CrashB
	CrashM
	LoseCTIA // the CTI link of A goes down
	LoseCTIB
	CutHA
	CutControlA
	CutControlB
	Command // the operator's switchover, normal or forced
	faultKinds
)

var faultNames = [...]string{
	"crash A", "crash B", "crash M", "cut S-A", "cut S-B", "cut A-B", "cut A-M", "cut B-M", "switchover",
}

// String returns what a scenario would call it.
func (f Fault) String() string { return faultNames[f] }

// word is the same as a part of a name.
func (f Fault) word() string { return strings.ReplaceAll(f.String(), " ", "-") }

// Budget is what the environment may do.
type Budget struct {
	// Calls that begin and end, 0 to 7.
	Calls int
	// Refs are the switch's call references, 1 to 4: with fewer than Calls they are reused. The calls of a reference are between the same two lines.
	Refs int
	// Each is how often there may be each kind of fault, 0 to 3.
	Each [faultKinds]int
	// Any is how many faults there may be in all, commands not counted; 0 is no further bound.
	Any int
}

// Faults makes a Budget.Each of the kinds that are listed, each as often as it is listed.
func Faults(kinds ...Fault) (each [faultKinds]int) {
	for _, k := range kinds {
		each[k]++
	}
	return each
}

// AnyOf makes a Budget.Each in which each kind but commands may come n times.
func AnyOf(n int) (each [faultKinds]int) {
	for k := range Command {
		each[k] = n
	}
	return each
}

// String says what the environment may do.
func (b Budget) String() string {
	parts := []string{"no calls"}
	if b.Calls > 0 {
		parts[0] = fmt.Sprintf("%s on %s", count(b.Calls, "call"), count(b.Refs, "call reference"))
	}
	for k, n := range b.Each {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, Fault(k)))
		}
	}
	s := strings.Join(parts, ", ")
	if b.Any > 0 {
		s += fmt.Sprintf("; of the faults %d in all", b.Any)
	}
	return s
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// The environment's word: calls begun, references in use, and how often there was each kind of fault.
const (
	maxRefs     = 4
	progressAt  = 3
	faultsAt    = progressAt + maxRefs
	perFault    = 2
	begunMask   = 1<<progressAt - 1
	refsMask    = 1<<maxRefs - 1
	perFaultMax = 1<<perFault - 1
)

type envWord uint32

func (e envWord) begun() int            { return int(e & begunMask) }
func (e envWord) progress() uint32      { return uint32(e>>progressAt) & refsMask }
func (e envWord) inProgress(n int) bool { return e.progress()>>n&1 == 1 }
func (e envWord) free() int             { return bits.TrailingZeros32(^e.progress()) } // the switch takes the lowest free reference
func (e envWord) begin() envWord        { return e + 1 | 1<<(progressAt+e.free()) }
func (e envWord) end(n int) envWord     { return e &^ (1 << (progressAt + n)) }
func (e envWord) spent(f Fault) int     { return int(e>>(faultsAt+perFault*f)) & perFaultMax }
func (e envWord) spend(f Fault) envWord { return e + 1<<(faultsAt+perFault*f) }
func (e envWord) allows(b *Budget, f Fault) bool {
	if e.spent(f) >= b.Each[f] {
		return false
	}
	if b.Any == 0 || f == Command {
		return true
	}
	n := 0
	for k := range Command {
		n += e.spent(k)
	}
	return n < b.Any
}
