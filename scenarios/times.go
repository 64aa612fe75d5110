package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"hotpair/switchsim"
)

// timesSuffix ends the names of files of the archive that hold measured times.
const timesSuffix = ".times"

// readTimes reads a file of measured times, and returns them as a load takes them: list:TIME,TIME,... A line holds a time, such as 188s or 3m8s, or a number of seconds; empty lines
// and those that begin with # are left out. Its errors are of type *Error, at the line of the scenario.
func (s *Scenario) readTimes(f *txtar.File) (string, error) {
	first := fileLine(s.archive, f.Name) + 1
	var list []string
	for i, l := range strings.Split(string(f.Data), "\n") {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		d, err := readTime(l)
		if err == nil && len(list) == switchsim.MaxHoldingTimes {
			err = fmt.Errorf("at most %d times are read", switchsim.MaxHoldingTimes)
		}
		if err != nil {
			return "", &Error{s.Path, first + i, fmt.Errorf("%s:%d: %w", f.Name, i+1, err)}
		}
		list = append(list, d.String())
	}
	if len(list) == 0 {
		return "", &Error{s.Path, first - 1, fmt.Errorf("%s has no times: a line holds one, such as 188s", f.Name)}
	}
	return "list:" + strings.Join(list, ","), nil
}

func readTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if seconds, e := strconv.ParseFloat(text, 64); e == nil && err != nil {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d <= 0 || d > switchsim.MaxHolding {
		return 0, fmt.Errorf("a line holds a time above 0 and up to %s, such as 188s, or a number of seconds, not %.40q", switchsim.MaxHolding, text)
	}
	return d, nil
}

// fromFiles takes times that are named by a file, hold=file:NAME, from the archive.
func (p *parser) fromFiles(a *args) error {
	for _, key := range []string{"hold", "patience"} {
		name, is := strings.CutPrefix(a.keys[key], "file:")
		if !is {
			continue
		}
		times, has := p.s.times[name]
		switch {
		case has:
		case p.s.archive == nil:
			return fmt.Errorf("%s: a line by itself has no archive with files; write the times themselves, as list:TIME,TIME", key)
		default:
			return fmt.Errorf("%s: the archive has no file %q: -- NAME%s -- begins one, with a time on each line", key, name, timesSuffix)
		}
		a.keys[key] = times
		p.used(name)
	}
	return nil
}

func (p *parser) used(name string) {
	if p.taken == nil {
		p.taken = map[string]bool{}
	}
	p.taken[name] = true
}

// unused reports files of times that no load takes.
func (p *parser) unused() {
	for _, f := range p.s.archive.Files {
		if strings.HasSuffix(f.Name, timesSuffix) && !p.taken[f.Name] {
			p.fail(fileLine(p.s.archive, f.Name), errors.New("no line takes the times of "+f.Name+": hold=file:"+f.Name))
		}
	}
}
