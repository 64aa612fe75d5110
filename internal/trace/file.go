package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	gojson "github.com/goccy/go-json"
)

// ErrCut means that a trace is empty or ends before its end: nothing can be told from it.
var ErrCut = errors.New("the trace is cut")

// Header is the first line of a trace file: how the run was made.
type Header struct {
	// Format is the version of the format: 1.
	Format   int             `json:"hotpair"`
	Scenario string          `json:"scenario,omitempty"`
	World    string          `json:"world"`
	Seed     uint64          `json:"seed"`
	Speed    float64         `json:"speed,omitempty"`
	Without  string          `json:"without,omitempty"`
	Config   json.RawMessage `json:"config,omitempty"`
	// Replay is the command line that makes the run again.
	Replay string `json:"replay,omitempty"`
}

const format = 1

// end is the last line of a trace file.
type end struct {
	End     bool   `json:"end"`
	Records uint64 `json:"records"`
}

// Writer writes a trace file: JSON, one line for the header, one for each record, one for the end. It is a Sink.
type Writer struct {
	w   *bufio.Writer
	enc *gojson.Encoder
	n   uint64
	err error
}

// NewWriter writes the header.
func NewWriter(w io.Writer, h Header) *Writer {
	b := bufio.NewWriterSize(w, 1<<16)
	t := &Writer{w: b, enc: gojson.NewEncoder(b)}
	t.enc.SetEscapeHTML(false)
	h.Format = format
	t.err = t.enc.Encode(&h)
	return t
}

// Record implements Sink. The first error is kept for Close.
func (t *Writer) Record(r *Record) {
	if t.err == nil {
		t.n++
		t.err = t.enc.Encode(r)
	}
}

// Cut ends the file without its end line, because the run did not come to its end: nothing can be told from it.
func (t *Writer) Cut() error {
	if err := t.w.Flush(); t.err == nil {
		t.err = err
	}
	if t.err != nil {
		return fmt.Errorf("trace: %w", t.err)
	}
	return nil
}

// Close writes the end. It does not close the underlying writer.
func (t *Writer) Close() error {
	if t.err == nil {
		t.err = t.enc.Encode(end{End: true, Records: t.n})
	}
	if err := t.w.Flush(); t.err == nil {
		t.err = err
	}
	if t.err != nil {
		return fmt.Errorf("trace: %w", t.err)
	}
	return nil
}

// Reader reads a trace file.
type Reader struct {
	Header Header
	// Missing is, after the last record, by how many records the file differs from what its end says: somebody edited it. It is below 0
	// where there are more than that, which includes records behind the end.
	Missing int64
	s       *bufio.Scanner
	line    int
	n       uint64
	end     *end // once it was read
}

// maxLine bounds a line of a trace file, in bytes.
const maxLine = 16 << 20

// NewReader reads the header.
func NewReader(r io.Reader) (*Reader, error) {
	t := &Reader{s: bufio.NewScanner(r)}
	t.s.Buffer(make([]byte, 1<<16), maxLine)
	line, err := t.next()
	if err != nil {
		return nil, err
	}
	if err := strict(line, &t.Header); err != nil {
		return nil, t.unreadable(fmt.Errorf("trace, line 1: no header: %w", err))
	}
	if t.Header.Format != format {
		return nil, fmt.Errorf("trace, line 1: the format is %d; this version reads %d", t.Header.Format, format)
	}
	return t, nil
}

// next returns the next line; a file that ends without the end line is cut.
func (t *Reader) next() ([]byte, error) {
	if !t.s.Scan() {
		if err := t.s.Err(); err != nil {
			return nil, fmt.Errorf("trace, line %d: %w", t.line+1, err)
		}
		if t.end != nil {
			t.Missing = int64(t.end.Records) - int64(t.n)
			return nil, io.EOF
		}
		return nil, fmt.Errorf("%w after line %d", ErrCut, t.line)
	}
	t.line++
	return t.s.Bytes(), nil
}

// Next reads the next record; io.EOF after the last one of a complete file. Records behind the end line are read as well, so that what
// somebody appended is judged too.
func (t *Reader) Next(r *Record) error {
	line, err := t.next()
	for err == nil && bytes.HasPrefix(line, []byte(`{"end"`)) {
		if err = t.readEnd(line); err == nil {
			line, err = t.next()
		}
	}
	if err != nil {
		return err
	}
	*r = Record{}
	if err := strict(line, r); err != nil {
		return t.unreadable(fmt.Errorf("trace, line %d: %w", t.line, err))
	}
	t.n++
	return r.check(t.line)
}

func (t *Reader) readEnd(line []byte) error {
	e := &end{}
	if err := strict(line, e); err != nil {
		return t.unreadable(fmt.Errorf("trace, line %d: %w", t.line, err))
	}
	if t.end != nil || !e.End {
		return fmt.Errorf("trace, line %d: a trace has one end, and it says true", t.line)
	}
	t.end = e
	return nil
}

// unreadable says what it means that the present line cannot be read: the last line of a file without an end was cut in its middle.
func (t *Reader) unreadable(why error) error {
	if t.end == nil && !t.s.Scan() && t.s.Err() == nil {
		return fmt.Errorf("%w in the middle of line %d", ErrCut, t.line)
	}
	return why
}

func (r *Record) check(line int) error {
	var missing string
	switch {
	case r.Kind == 0:
		missing = "rec"
	case r.Node == 0:
		missing = "node"
	case r.Kind.hasPeer() && (r.Peer == 0 || r.Peer == r.Node):
		missing = "peer"
	case (r.Kind == Sent || r.Kind == Received) && r.Msg == nil:
		missing = "msg"
	case r.Kind == Noted && r.Note == nil:
		missing = "note"
	default:
		return nil
	}
	return fmt.Errorf("trace, line %d: the record has no %s", line, missing)
}

// hasPeer reports whether a record of this kind is about a port.
func (k Kind) hasPeer() bool { return k == Up || k == Down || k == Sent || k == Received }

func strict(line []byte, v any) error {
	d := gojson.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	switch err := d.Decode(v); {
	case errors.Is(err, io.EOF): // which is not the end of the file
		return errors.New("the line is empty")
	case err != nil:
		return err
	}
	if rest, err := io.ReadAll(d.Buffered()); err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return errors.New("more than one value on the line")
	}
	return nil
}
