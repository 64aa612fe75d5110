package fuzz

import (
	"context"
	"errors"
	"strings"

	"hotpair/internal/explore/arbmodel"
	"hotpair/internal/explore/pairmodel"
	"hotpair/internal/node"
)

// Explored is what exhaustive search found out about a mutant.
type Explored struct {
	// Config is the configuration that was explored, and States how many distinct states were seen.
	Config string `json:"config"`
	States uint64 `json:"states"`
	// Monitor noticed the mutant, "" if nothing was found, and Text says what; Steps lead there.
	Monitor string `json:"monitor,omitempty"`
	Text    string `json:"text,omitempty"`
	Steps   int    `json:"steps,omitempty"`

	scenario string
}

// exploredIn is where the explorer shows what a guard is for. The others are explored in the configurations that have a little of everything.
var exploredIn = map[string]string{
	"X1": "watermark", "X3": "links", "reach-agreed": "watermark", "request-withdrawn": "peer-group",
}

const (
	pairConfig = "quick"
	peerConfig = "peer-split"
	// maxStates is how many states of a mutant are explored: the shortest way to what is wrong is short.
	maxStates = 60_000
)

// explore searches a small configuration exhaustively; nil if there is none in which the guard plays a part.
func (m *Mutant) explore(ctx context.Context) (*Explored, error) {
	config := exploredIn[m.Name]
	if m.Profile.Peer {
		return m.explorePeer(ctx, config)
	}
	if config == "" {
		config = pairConfig
	}
	c, err := pairmodel.Named(config)
	if err != nil {
		return nil, err
	}
	f := pairmodel.Hunt(ctx, c, node.Off(m.Is), pairmodel.Bounds{States: maxStates, Workers: 1})
	e := &Explored{Config: config, States: f.Distinct}
	if f.Monitor != "" && f.Panic == "" {
		e.Monitor, e.Text, e.Steps, e.scenario = f.Monitor, strings.TrimPrefix(f.Text, f.Monitor+": "), len(f.Path), f.Scenario
	}
	return e, nil
}

func (m *Mutant) explorePeer(ctx context.Context, config string) (*Explored, error) {
	if config == "" {
		config = peerConfig
	}
	for _, c := range arbmodel.Configs() {
		if c.Name != config {
			continue
		}
		f := arbmodel.Hunt(ctx, c, node.Off(m.Is), maxStates)
		e := &Explored{Config: config, States: f.Distinct}
		if f.Wrong != "" && f.Panic == "" {
			e.Monitor, e.Text, e.Steps = "client failover", f.Wrong, len(f.Path)
		}
		return e, nil
	}
	return nil, errors.New("fuzz: there is no configuration " + config)
}
