// Package hotpairtest puts the pair into other people's Go tests.
//
// [Start] starts a pair in one line, in one process or as real processes, and gives a test faults and telephony as methods. The system under test
// connects where [Pair.Door] says, through a relay, so that its link can be cut, too:
//
//	func TestMain(m *testing.M) { hotpairtest.Main(m) } // where nodes are processes: they are this binary, executed again
//
//	func TestMySystemSurvivesAFailover(t *testing.T) {
//		pair := hotpairtest.Start(t, hotpairtest.Options{World: hotpairtest.Processes})
//		door := pair.Door(1)                       // my system takes the place of client C1
//		system := mysystem.Start(t, door.URL, door.Seed)
//		pair.Call("c1", "1001", "1002")
//		pair.Answer("c1")
//		pair.Kill(hotpairtest.A)
//		pair.Await("B role=primary", 10*time.Second)
//		pair.Release("c1")
//		system.HasSeenTheEndOfTheCall(t)
//	}                                                  // all is healed, the pair must become whole, and what must always hold is judged
//
// [Run] runs a scenario file instead. What the methods say is the scenario language, and [Pair.Do] takes any line of it (hotpair help scenario).
//
// # Vocabulary
//
//   - pair: switch S, T-Servers A and B, Management Layer M, and clients C1 to Cn, on NATS.
//   - door: where and as whom a program connects in the place of a node that the test does not start.
//   - pattern: what is waited for, as in the scenario language: "A->B FullSyncDone", "B role=primary", "call c1 same", "pair ready".
//   - record: one line of the trace: what a node sent, received or stated.
//
// It must not know how a world does what it does.
package hotpairtest
