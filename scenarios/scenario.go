package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"hotpair/internal/config"
	"hotpair/internal/wire"
	"hotpair/switchsim"
)

// Scenario is a scenario that was read and checked.
type Scenario struct {
	// Path is the file's path, or the name given to Parse; Name its last element without ".txtar".
	Path, Name string
	// Title is the first comment.
	Title string
	// Rules are the rules of the protocol that it shows; Source the heading of the source that it illustrates, if any.
	Rules  []string
	Source string
	// MaxSpeed limits the speed in real worlds; 0 means no limit.
	MaxSpeed float64
	// Seed of what the world draws, unless Options say otherwise; 0 is 1.
	Seed uint64
	// NoConverge is why there is no convergence after the last line; "" means that there is.
	NoConverge string
	Config     config.Config

	lines     []line
	ladder    string
	hasLadder bool
	events    string // what clients act on
	hasEvents bool
	times     map[string]string // files of the archive: list:TIME,TIME,...
	archive   *txtar.Archive    // nil of a session
}

// line is one command, ready to run.
type line struct {
	no    int
	text  string
	phase int
	fails bool // "!"
	may   bool // "?"
	cond  condition
	verb  *verb
	step  step
}

// condition is [world:NAME] or [!world:NAME].
type condition struct {
	world  string
	not    bool
	reason string
}

// Error is an error in a scenario file.
type Error struct {
	File string
	Line int // from 1; 0: the file as a whole
	Err  error
}

// Error implements error: file:line: what is wrong.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// maxFile bounds a scenario file, in bytes.
const maxFile = 1 << 20

// Load reads and checks a scenario file.
func Load(path string) (*Scenario, error) { return LoadFS(osFS{}, path) }

type osFS struct{}

func (osFS) Open(name string) (fs.File, error) { return os.Open(name) }

// LoadFS reads and checks a scenario file of a file system.
func LoadFS(fsys fs.FS, path string) (*Scenario, error) {
	data, err := fs.ReadFile(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	return Parse(path, data)
}

// LoadDir reads all *.txtar files of a folder and the folders in it, in the order of their names.
func LoadDir(dir string) ([]*Scenario, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".txtar") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scenarios: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("scenarios: there is no .txtar file in %s", dir)
	}
	sort.Strings(paths)
	var list []*Scenario
	var errs []error
	for _, p := range paths {
		s, err := Load(p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, s)
	}
	return list, errors.Join(errs...)
}

// Parse reads and checks a scenario. Errors are of type *Error, several of them joined.
func Parse(path string, data []byte) (*Scenario, error) {
	if len(data) > maxFile {
		return nil, &Error{path, 0, fmt.Errorf("a scenario has at most %d bytes, this has %d", maxFile, len(data))}
	}
	if no := namelessFile(data); no > 0 {
		return nil, &Error{path, no, errors.New("a file of the archive has a name: -- NAME --")}
	}
	s := &Scenario{Path: path, Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), archive: txtar.Parse(data)}
	if err := s.files(); err != nil {
		return nil, err
	}
	p := parser{s: s}
	p.script(string(s.archive.Comment))
	if len(p.errs) == 0 && !p.asserts {
		p.errs = append(p.errs, &Error{path, 0, errors.New("the scenario asserts nothing; add await, expect, never, always or sometimes")})
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return s, nil
}

// namelessFile returns the first line, from 1, that is a file's marker with nothing in it; 0 if there is none. The txtar package panics on it.
func namelessFile(data []byte) int {
	no := 0
	for l := range bytes.Lines(data) {
		no++
		if string(bytes.TrimRight(l, "\r\n")) == "-- --" {
			return no
		}
	}
	return 0
}

// files reads the archive's files.
func (s *Scenario) files() error {
	s.Config = config.Default()
	s.times = map[string]string{}
	seen := map[string]bool{}
	for _, f := range s.archive.Files {
		no := fileLine(s.archive, f.Name)
		if seen[f.Name] {
			return &Error{s.Path, no, fmt.Errorf("there are two files %s", f.Name)}
		}
		seen[f.Name] = true
		switch f.Name {
		case "config.yaml":
			c, err := config.Parse(f.Data)
			if err != nil {
				return &Error{s.Path, no, fmt.Errorf("in config.yaml, which begins after this line: %w", err)}
			}
			s.Config = c
		case "ladder.txt":
			s.ladder, s.hasLadder = string(f.Data), true
		case "events.txt":
			s.events, s.hasEvents = string(f.Data), true
		default:
			if !strings.HasSuffix(f.Name, timesSuffix) {
				return &Error{s.Path, no, fmt.Errorf("a scenario has the files config.yaml, ladder.txt and events.txt, and NAME%s with times, not %q", timesSuffix, f.Name)}
			}
			times, err := s.readTimes(&f)
			if err != nil {
				return err
			}
			s.times[f.Name] = times
		}
	}
	return nil
}

// fileLine returns the line of a file's marker in the archive.
func fileLine(a *txtar.Archive, name string) int {
	no := 1 + strings.Count(string(a.Comment), "\n")
	for _, f := range a.Files {
		if f.Name == name {
			break
		}
		no += 1 + strings.Count(string(f.Data), "\n")
	}
	return no
}

// parser reads the script.
type parser struct {
	s       *Scenario
	phase   int
	asserts bool
	errs    []error
	idle    *switchsim.Switch // made when it is needed first
	taken   map[string]bool   // files of times that a line takes
}

func (p *parser) fail(no int, err error) { p.errs = append(p.errs, &Error{p.s.Path, no, err}) }

func (p *parser) script(text string) {
	for i, l := range strings.Split(text, "\n") {
		no := i + 1
		l = strings.TrimSpace(l)
		switch {
		case l == "":
		case strings.HasPrefix(l, "#"):
			p.comment(strings.TrimSpace(strings.TrimLeft(l, "#")))
		case len(p.s.lines) == 0 && isHeader(l):
			if err := p.header(l); err != nil {
				p.fail(no, err)
			}
		default:
			if err := p.command(no, l); err != nil {
				p.fail(no, err)
			}
		}
	}
	p.callNames()
	p.unused()
}

// maxHints is among how many calls the one that was probably meant is looked for: it takes time, and a long list helps nobody.
const maxHints = 100

// callNames reports calls that no line begins: a judgement of one would be about nothing.
func (p *parser) callNames() {
	begun := map[string]bool{}
	for i := range p.s.lines {
		if c, ok := p.s.lines[i].step.(command); ok && c.verb == "call" {
			begun[c.args["name"]] = true
		}
	}
	for i := range p.s.lines {
		l := &p.s.lines[i]
		name := ""
		switch s := l.step.(type) {
		case *judge:
			name = s.pattern.call
		case command:
			if !l.fails && !l.may && s.to == wire.Switch && !strings.HasPrefix(s.verb, "load") { // a load has a name of its own
				name = s.args["name"]
			}
		}
		if name == "" || begun[name] || p.isDN(name) {
			continue
		}
		hint := ""
		if n := len(begun); n > 0 && n <= maxHints {
			hint = nearest(name, slices.Sorted(maps.Keys(begun)))
		}
		p.fail(l.no, fmt.Errorf("%s: no line begins a call %q%s", l.verb.name, name, hint))
	}
}

// comment: the first one is the title; one after commands begins a new phase.
func (p *parser) comment(text string) {
	if p.s.Title == "" {
		p.s.Title = text
	}
	if n := len(p.s.lines); n > 0 && p.s.lines[n-1].phase == p.phase {
		p.phase++
	}
}

// ruleName is the form of a rule's name, whatever rules there are.
var ruleName = regexp.MustCompile(`^[RPX][1-9][0-9]?$`)

func isHeader(l string) bool {
	key, _, found := strings.Cut(l, ":")
	return found && !strings.ContainsAny(key, " \t[=>")
}

func (p *parser) header(l string) error {
	key, value, _ := strings.Cut(l, ":")
	value = strings.TrimSpace(value)
	if value == "" {
		return fmt.Errorf("%s: a value is wanted", key)
	}
	switch key {
	case "rules":
		for _, rule := range strings.Fields(value) {
			if !ruleName.MatchString(rule) {
				return fmt.Errorf("rules: a rule is R, P or X with its number, such as R10, not %q", rule)
			}
			p.s.Rules = append(p.s.Rules, rule)
		}
	case "source":
		p.s.Source = value
	case "no-converge":
		p.s.NoConverge = value
	case "seed":
		v, err := strconv.ParseUint(value, 10, 64)
		if err != nil || v == 0 {
			return fmt.Errorf("seed: a whole number from 1 is wanted, not %q", value)
		}
		p.s.Seed = v
	case "speed":
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || !(v > 0 && v <= 1000) {
			return fmt.Errorf("speed: a number above 0 and up to 1000 is wanted, not %q", value)
		}
		p.s.MaxSpeed = v
	default:
		return fmt.Errorf("unknown header %q%s", key, nearest(key, []string{"rules", "source", "seed", "speed", "no-converge"}))
	}
	return nil
}

// command reads one line.
func (p *parser) command(no int, text string) error {
	words, err := split(text)
	if err != nil {
		return err
	}
	l := line{no: no, text: text, phase: p.phase}
	if l.cond, words, err = readCondition(words); err != nil {
		return err
	}
	if len(words) > 0 && (words[0] == "!" || words[0] == "?") {
		l.fails, l.may, words = words[0] == "!", words[0] == "?", words[1:]
	}
	if len(words) == 0 {
		return errors.New("a verb is wanted")
	}
	l.verb = findVerb(words[0])
	if l.verb == nil {
		return fmt.Errorf("unknown verb %q%s", words[0], nearest(words[0], verbNames()))
	}
	if l.fails && l.verb.never {
		return fmt.Errorf("! does not go with %s", l.verb.name)
	}
	if l.may && l.verb.group == judgement {
		return fmt.Errorf("? does not go with %s: a judgement that may fail judges nothing", l.verb.name)
	}
	a := newArgs(words[1:], &p.s.Config, l.verb)
	a.fails = l.fails
	if err = p.fromFiles(a); err == nil {
		l.step, err = l.verb.parse(a)
	}
	if err == nil {
		err = a.finish()
	}
	if err != nil {
		return fmt.Errorf("%s: %w; usage: %s", l.verb.name, err, l.verb.usage)
	}
	if c, ok := l.step.(command); ok && !l.fails {
		if err := p.try(c); err != nil {
			return err
		}
	}
	p.asserts = p.asserts || l.verb.group == judgement
	p.s.lines = append(p.s.lines, l)
	return nil
}

// Assertions returns how many lines judge.
func (s *Scenario) Assertions() int {
	n := 0
	for i := range s.lines {
		if s.lines[i].verb.group == judgement {
			n++
		}
	}
	return n
}
