package fuzz

import (
	"context"
	"time"

	"hotpair/internal/node"
)

// Mutant is the pair without one rule or guard, and how it is looked for.
type Mutant struct {
	node.Guard
	// Profile directs the fuzzer to what the guard is for.
	Profile Profile
	// Equivalent is why nothing that must hold breaks without it; "" if it has to be caught.
	Equivalent string
}

// Catch is what became of a mutant.
type Catch struct {
	Name string `json:"name"`
	Rule string `json:"rule"`
	// Off says what is done without the guard.
	Off    string `json:"off"`
	Caught bool   `json:"caught"`
	// Equivalent is why it is not caught, if it need not be.
	Equivalent string `json:"equivalent,omitempty"`
	// Monitor noticed it, and Text says what.
	Monitor string `json:"monitor,omitempty"`
	Text    string `json:"text,omitempty"`
	// Seeds is how many were run, the failing one included, and States how many the explorer has seen.
	Seeds  uint64 `json:"seeds"`
	States uint64 `json:"states"`
	// Explorer is what exhaustive search found. Monitor and Scenario are the fuzzer's, if it caught the mutant, and the explorer's otherwise.
	Explorer *Explored `json:"explorer,omitempty"`
	// Panics is how many of them fell over, which is no catch.
	Panics uint64 `json:"panics,omitempty"`
	// Scenario fails without the guard, through the same monitor, and holds with it; it is small.
	Scenario string        `json:"scenario,omitempty"`
	Wall     time.Duration `json:"wallTime"`
}

// equivalentSeeds is how many are run against a mutant that cannot be told from the original: enough to see that the reason still holds.
const equivalentSeeds = 100

// mutantLength is the median length of a mutant's programs: most are caught within the first minutes of whatever seed.
const mutantLength = 2 * time.Minute

// Hunt explores a small configuration of the mutant, and runs seeds against it until one fails through a monitor, at most the number that is given; what failed
// is shrunk for as long as shrink says.
func (m *Mutant) Hunt(ctx context.Context, seeds uint64, shrink time.Duration) (Catch, error) {
	began := time.Now()
	c := Catch{Name: m.Name, Rule: m.Rule, Off: m.Off, Equivalent: m.Equivalent}
	profile := m.Profile
	if profile.Length == 0 {
		profile.Length = mutantLength
	}
	if m.Equivalent != "" {
		seeds = min(seeds, equivalentSeeds)
	}
	campaign := Campaign{Profile: profile, First: 1, Last: seeds, Without: node.Off(m.Is), Ignore: func(f *Failure) bool {
		if f.Monitor == Panic {
			c.Panics++
		}
		return f.Monitor == Panic
	}}
	var err error
	if c.Explorer, err = m.explore(ctx); err != nil {
		return c, err
	}
	c.States = c.Explorer.States
	sum, err := campaign.Run(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return c, err
	}
	c.Seeds = sum.Seeds
	if len(sum.Found) > 0 {
		ctx, stop := context.WithTimeout(ctx, shrink)
		defer stop()
		p, f := Shrink(ctx, sum.Found[0].Program, sum.Found[0].Failure, RunOptions{Without: node.Off(m.Is)})
		c.Caught, c.Monitor, c.Text, c.Scenario = true, f.Monitor, f.Text, p.Text()
	} else if e := c.Explorer; e.Monitor != "" {
		c.Caught, c.Monitor, c.Text, c.Scenario = true, e.Monitor, e.Text, e.scenario
	}
	c.Wall = time.Since(began)
	return c, nil
}

// HuntAll hunts mutants, so many at once, and hands over what became of them in their order. It stops at the first error.
func HuntAll(ctx context.Context, list []Mutant, jobs int, seeds uint64, shrink time.Duration, done func(Catch) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type result struct {
		catch Catch
		err   error
	}
	results := make([]chan result, len(list))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	go func() {
		places := make(chan struct{}, jobs)
		for i := range list {
			places <- struct{}{}
			go func() {
				c, err := list[i].Hunt(ctx, seeds, shrink)
				results[i] <- result{c, err}
				<-places
			}()
		}
	}()
	for i := range list {
		r := <-results[i]
		if r.err != nil {
			return r.err
		}
		if err := done(r.catch); err != nil {
			return err
		}
	}
	return nil
}
