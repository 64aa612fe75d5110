package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hotpair/internal/natsworld"
	pairstatus "hotpair/internal/status"
	"hotpair/internal/wire"
)

// pollTime is how often ctl watch asks all nodes: who tells nothing any more may be gone.
const pollTime = time.Second

func ctlWatch(c *ctl) *cobra.Command {
	plain := false
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow the pair live; without a terminal, a line for each change",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			w := &pairWatch{ctl: c, op: op, updates: make(chan pairstatus.Pair, 1)}
			if c.json || plain || c.out != os.Stdout || !term.IsTerminal(int(os.Stdout.Fd())) || !term.IsTerminal(int(os.Stdin.Fd())) {
				return w.print(ctx)
			}
			return w.show(ctx)
		}),
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "print lines in a terminal, too")
	return cmd
}

// pairWatch follows a pair: nodes tell when their state changes, and are asked every second.
type pairWatch struct {
	ctl     *ctl
	op      *natsworld.Operator
	updates chan pairstatus.Pair // the latest state, if it was not taken yet

	mu   sync.Mutex
	last pairstatus.Pair
}

// follow fills updates until ctx ends. An error means that nobody answers at the beginning.
func (w *pairWatch) follow(ctx context.Context) error {
	first := w.ctl.states(ctx, w.op)
	if len(first.Nodes) == 0 {
		return fmt.Errorf("no node of the pair %q answers at %s: %s", w.ctl.pair, w.ctl.nats, first.Absent[0].Why)
	}
	w.put(first)
	go func() {
		// An error means that the connection is gone; then polling shows it.
		_ = w.op.Watch(ctx, func(s pairstatus.Status) {
			if slices.Contains(watched, s.Node) {
				w.put(w.with(s))
			}
		})
	}()
	go func() {
		tick := time.NewTicker(pollTime)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				w.put(w.ctl.states(ctx, w.op))
			}
		}
	}()
	return nil
}

// with is the last state with a node's new one.
func (w *pairWatch) with(s pairstatus.Status) pairstatus.Pair {
	w.mu.Lock()
	defer w.mu.Unlock()
	nodes := []pairstatus.Status{s}
	for _, n := range w.last.Nodes {
		if n.Node != s.Node {
			nodes = append(nodes, n)
		}
	}
	var absent []pairstatus.Absent
	for _, a := range w.last.Absent {
		if a.Node != s.Node {
			absent = append(absent, a)
		}
	}
	return pairstatus.Assemble(w.ctl.pair, nodes, absent)
}

func (w *pairWatch) put(p pairstatus.Pair) {
	w.mu.Lock()
	w.last = p
	w.mu.Unlock()
	select {
	case <-w.updates: // nobody has looked at it: it is old
	default:
	}
	select {
	case w.updates <- p:
	default: // another one was faster
	}
}

// print prints a line for each change.
func (w *pairWatch) print(ctx context.Context) error {
	if err := w.follow(ctx); err != nil {
		return err
	}
	var before pairstatus.Pair
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-w.updates:
			at := time.Now()
			for _, change := range pairstatus.Changes(&before, &p) {
				if err := w.printChange(at, change); err != nil {
					return err
				}
			}
			before = p
		}
	}
}

func (w *pairWatch) printChange(at time.Time, change pairstatus.Change) error {
	if w.ctl.json {
		return w.ctl.printJSON(struct {
			Time time.Time `json:"time"`
			pairstatus.Change
		}{at.UTC(), change})
	}
	_, err := fmt.Fprintln(w.ctl.out, changeLine(at, change))
	return err
}

func changeLine(at time.Time, change pairstatus.Change) string {
	who := "pair"
	if change.Node != wire.None {
		who = change.Node.String()
	}
	return fmt.Sprintf("%s  %-4s  %s", at.Format("15:04:05.000"), who, change.Text)
}

// show shows the pair on the terminal until q.
func (w *pairWatch) show(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := w.follow(ctx); err != nil {
		return err
	}
	_, err := tea.NewProgram(&screen{updates: w.updates}, tea.WithContext(ctx)).Run()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// screen is what ctl watch shows. It implements tea.Model.
type screen struct {
	updates chan pairstatus.Pair
	pair    pairstatus.Pair
	changes []string
	height  int
	at      time.Time
}

// updated tells of a new state.
type updated pairstatus.Pair

// Init implements tea.Model.
func (s *screen) Init() tea.Cmd { return s.next }

// next waits for a new state.
func (s *screen) next() tea.Msg { return updated(<-s.updates) }

// maxChanges is how many changes are kept.
const maxChanges = 200

// Update implements tea.Model.
func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case updated:
		p := pairstatus.Pair(msg)
		s.at = time.Now()
		for _, change := range pairstatus.Changes(&s.pair, &p) {
			s.changes = append(s.changes, changeLine(s.at, change))
		}
		s.changes = s.changes[max(len(s.changes)-maxChanges, 0):]
		s.pair = p
		return s, s.next
	case tea.WindowSizeMsg:
		s.height = msg.Height
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "esc", "ctrl+c":
			return s, tea.Quit
		}
	}
	return s, nil
}

// View implements tea.Model.
func (s *screen) View() tea.View {
	v := tea.NewView(s.text())
	v.AltScreen = true
	v.WindowTitle = "hotpair " + s.pair.Pair
	return v
}

// text is the screen: the pair as ctl status shows it, and below it as many of the last changes as there is room for.
func (s *screen) text() string {
	if s.pair.Pair == "" {
		return "waiting for the pair…"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "hotpair ctl watch  %s  q ends it\n\n", s.at.Format(time.TimeOnly))
	(&pairView{Pair: s.pair}).print(&b)
	b.WriteString("\n")
	room := max(s.height-strings.Count(b.String(), "\n")-1, 3)
	for _, line := range s.changes[max(len(s.changes)-room, 0):] {
		b.WriteString(line + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}
