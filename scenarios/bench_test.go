package scenarios

import "testing"

// BenchmarkFiveHundredCalls runs a scenario that waits for some five hundred calls of 180 s on average to end.
func BenchmarkFiveHundredCalls(b *testing.B) {
	sc, err := Load("virtual/five-hundred-calls.txtar")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		res, err := Run(b.Context(), sc, Options{})
		if err != nil || res.Verdict != Held {
			b.Fatal(err, res)
		}
	}
}
