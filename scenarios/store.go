package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// keptRuns is how many runs of a scenario the store keeps.
const keptRuns = 10

// runTime is the layout of a run's folder name. What is called otherwise is not ours, and is left alone.
const runTime = "20060102T150405.000000000"

// store is the folder of one run: store/<scenario>/<time>/ with trace.jsonl, ladder.txt and verdict.json; "latest" points to it.
type store struct {
	dir   string // "" if nothing is stored
	trace *os.File
}

func openStore(sc *Scenario, o Options) (*store, error) {
	if o.StoreDir == "" {
		return &store{}, nil
	}
	parent := filepath.Join(o.StoreDir, sc.Name)
	if filepath.Dir(parent) != filepath.Clean(o.StoreDir) { // a name such as ".." leads elsewhere
		return nil, fmt.Errorf("store: a scenario called %q cannot be stored; rename its file", sc.Name)
	}
	dir := filepath.Join(parent, time.Now().UTC().Format(runTime))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, "trace.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &store{dir: dir, trace: f}, nil
}

func (s *store) traceWriter(other io.Writer) io.Writer {
	switch {
	case s.trace == nil && other == nil:
		return nil
	case s.trace == nil:
		return other
	case other == nil:
		return s.trace
	}
	return io.MultiWriter(s.trace, other)
}

// finish writes ladder and verdict, moves "latest", and removes the oldest runs.
func (s *store) finish(res *Result) error {
	if s.dir == "" {
		return nil
	}
	res.Dir = s.dir
	verdict, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		panic(err) // plain data
	}
	err = errors.Join(
		s.trace.Close(),
		os.WriteFile(filepath.Join(s.dir, "ladder.txt"), []byte(res.Ladder), 0o644),
		os.WriteFile(filepath.Join(s.dir, "verdict.json"), append(verdict, '\n'), 0o644),
		s.link(),
		s.prune(),
	)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// link moves "latest" in one step: runs of the same scenario may end at the same time.
func (s *store) link() error {
	next := s.dir + ".latest"
	if err := os.Symlink(filepath.Base(s.dir), next); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(filepath.Dir(s.dir), "latest"))
}

func (s *store) prune() error {
	parent := filepath.Dir(s.dir)
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	var runs []string
	for _, e := range entries {
		if _, err := time.Parse(runTime, e.Name()); err == nil && e.IsDir() {
			runs = append(runs, e.Name())
		}
	}
	sort.Strings(runs)
	for len(runs) > keptRuns {
		if err := os.RemoveAll(filepath.Join(parent, runs[0])); err != nil {
			return err
		}
		runs = runs[1:]
	}
	return nil
}

// update rewrites the scenario's ladder.txt, and nothing else.
func (s *Scenario) update(ladder, events string) error {
	wantsLadder := s.hasLadder || !s.hasEvents // a flow needs none
	if (!wantsLadder || s.hasLadder && s.ladder == ladder) && (!s.hasEvents || s.events == events) {
		return nil
	}
	a := *s.archive
	a.Files = nil
	for _, f := range s.archive.Files {
		if f.Name != "ladder.txt" && f.Name != "events.txt" {
			a.Files = append(a.Files, f)
		}
	}
	if wantsLadder {
		a.Files = append(a.Files, txtar.File{Name: "ladder.txt", Data: []byte(ladder)})
	}
	if s.hasEvents {
		a.Files = append(a.Files, txtar.File{Name: "events.txt", Data: []byte(events)})
	}
	if err := os.WriteFile(s.Path, txtar.Format(&a), 0o644); err != nil {
		return fmt.Errorf("--update: %w", err)
	}
	s.ladder, s.hasLadder, s.archive = ladder, wantsLadder, &a
	s.events = events
	return nil
}
