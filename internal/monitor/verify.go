package monitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"hotpair/internal/config"
	"hotpair/internal/trace"
)

// Report is what a trace file shows.
type Report struct {
	Header     trace.Header
	Records    int
	Violations []Violation
}

// Verify judges a trace file. An error that wraps trace.ErrCut means that the file is empty or cut; with any error, nothing can be told
// but the violations that were found up to there.
func Verify(r io.Reader) (Report, error) {
	var rep Report
	in, err := trace.NewReader(r)
	if err != nil {
		return rep, err
	}
	rep.Header = in.Header
	c := config.Default()
	if len(in.Header.Config) > 0 {
		if err := json.Unmarshal(in.Header.Config, &c); err != nil {
			return rep, fmt.Errorf("trace, line 1: config: %w", err)
		}
	}
	s := NewSet(&c)
	var rec trace.Record
	for {
		err := in.Next(&rec)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			rep.Violations = s.Violations()
			return rep, err
		}
		rep.Records++
		s.Record(&rec)
	}
	s.Finish()
	if in.Missing != 0 {
		s.current = s.list[0]
		s.report(nil, "the file has %d records, and its end says %d", rep.Records, int64(rep.Records)+in.Missing)
	}
	rep.Violations = s.Violations()
	if rep.Records == 0 {
		return rep, fmt.Errorf("%w: it holds no records", trace.ErrCut)
	}
	return rep, nil
}
