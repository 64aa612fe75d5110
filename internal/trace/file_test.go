package trace_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

var header = trace.Header{
	Format: 1, Scenario: "drain.txtar", World: "sim", Seed: 7, Speed: 10, Without: "X1",
	Config: json.RawMessage(`{"Clients":1}`), Replay: "hotpair run --seed 7 drain.txtar",
}

// sample has a record of every kind.
func sample() []trace.Record {
	call := callmodel.CallID{Ref: 3, Born: 1 << 40}
	named := &wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 1, Call: call, ConnID: callmodel.NewConnID(0, 1, 1)}
	return []trace.Record{
		{Kind: trace.Applied, Node: wire.A, Text: "boot"},
		{Kind: trace.Started, Node: wire.A, Inc: 1, Index: 1},
		{At: time.Millisecond, Kind: trace.CarrierDown, Node: wire.A, Inc: 1, Index: 2},
		{At: 2 * time.Millisecond, Kind: trace.CarrierUp, Node: wire.A, Inc: 1, Index: 3},
		{At: 3 * time.Millisecond, Kind: trace.Up, Node: wire.A, Inc: 1, Index: 4, Peer: wire.B, PeerInc: 2},
		{At: 3 * time.Millisecond, Kind: trace.Noted, Node: wire.A, Inc: 1, Index: 5, Note: &node.Note{Kind: node.NoteHeld, Call: call}},
		{At: 3 * time.Millisecond, Kind: trace.Sent, Node: wire.A, Inc: 1, Index: 6, Peer: wire.B, Msg: named},
		{At: 4 * time.Millisecond, Kind: trace.Received, Node: wire.B, Inc: 2, Index: 9, Peer: wire.A, PeerInc: 1, PeerIndex: 6, Msg: named},
		{At: 5 * time.Millisecond, Kind: trace.Down, Node: wire.A, Inc: 1, Index: 7, Peer: wire.B, PeerInc: 2, Text: `timeout <"&\`},
		{At: time.Hour, Kind: trace.Ended, Node: wire.A, Inc: 1, Text: "killed"},
	}
}

func write(tb testing.TB, h trace.Header, records []trace.Record) []byte {
	var b bytes.Buffer
	w := trace.NewWriter(&b, h)
	for i := range records {
		w.Record(&records[i])
	}
	require.NoError(tb, w.Close())
	return b.Bytes()
}

// read reads a whole file.
func read(data []byte) (*trace.Reader, []trace.Record, error) {
	in, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	var list []trace.Record
	for {
		var r trace.Record
		switch err := in.Next(&r); {
		case errors.Is(err, io.EOF):
			return in, list, nil
		case err != nil:
			return in, list, err
		}
		list = append(list, r)
	}
}

func TestFileIsReadAsItWasWritten(t *testing.T) {
	data := write(t, header, sample())
	in, list, err := read(data)
	require.NoError(t, err)
	require.Equal(t, header, in.Header)
	require.Equal(t, sample(), list)
	require.Zero(t, in.Missing)
	require.Equal(t, len(sample())+2, bytes.Count(data, []byte("\n")), "a line for the header, for each record, for the end")
	require.Equal(t, data, write(t, header, sample()), "the same bytes again")

	in, list, err = read(write(t, header, nil))
	require.NoError(t, err)
	require.Empty(t, list)
	require.Zero(t, in.Missing)
}

// Wherever a file is cut, nothing can be told from it; only the last newline may be missing.
func TestEveryCutFileIsCut(t *testing.T) {
	data := write(t, header, sample())
	for n := range len(data) - 1 {
		_, _, err := read(data[:n])
		require.ErrorIs(t, err, trace.ErrCut, "the first %d bytes: %s", n, data[:n])
	}
	_, _, err := read(data[:len(data)-1])
	require.NoError(t, err)
}

func TestFileThatSomebodyEdited(t *testing.T) {
	lines := strings.SplitAfter(string(write(t, header, sample())), "\n")
	lines = lines[:len(lines)-1]
	last := len(lines) - 1
	without := func(i int) []string { return append(append([]string{}, lines[:i]...), lines[i+1:]...) }
	with := func(i int, line string) []string {
		return append(append(append([]string{}, lines[:i]...), line), lines[i+1:]...)
	}
	for _, c := range []struct {
		name    string
		lines   []string
		missing int64
		records int
		wrong   string // part of the error
	}{
		{name: "a record removed", lines: without(4), missing: 1, records: 9},
		{name: "a record twice", lines: with(4, lines[4]+lines[4]), missing: -1, records: 11},
		{name: "a record behind the end", lines: append(append([]string{}, lines...), lines[4]), missing: -1, records: 11},
		{name: "the count in the end", lines: with(last, `{"end":true,"records":12}`+"\n"), missing: 2, records: 10},
		{name: "two ends", lines: append(append([]string{}, lines...), lines[last]), records: 10, wrong: "line 13: a trace has one end"},
		{name: "an end that says no", lines: with(last, `{"end":false}`+"\n"), records: 10, wrong: "line 12: a trace has one end"},
		{name: "two records on a line", lines: with(4, strings.TrimSpace(lines[4])+lines[4]), records: 3, wrong: "line 5: more than one value"},
		{name: "no JSON", lines: with(4, "{\n"), records: 3, wrong: "line 5: "},
		{name: "an empty line", lines: with(4, "\n"), records: 3, wrong: "line 5: the line is empty"},
		{name: "no JSON behind the end", lines: append(append([]string{}, lines...), "x"), records: 10, wrong: "line 13: "},
		{name: "an unknown field", lines: with(4, `{"at":1,"rec":"started","node":"A","who":"me"}`+"\n"), records: 3, wrong: `line 5: json: unknown field "who"`},
		{name: "an unknown kind", lines: with(4, `{"at":1,"rec":"begun","node":"A"}`+"\n"), records: 3, wrong: `unknown record kind "begun"`},
		{name: "an unknown node", lines: with(4, `{"at":1,"rec":"started","node":"D"}`+"\n"), records: 3, wrong: `unknown node "D"`},
		{name: "no kind", lines: with(4, `{"at":1,"node":"A"}`+"\n"), records: 3, wrong: "line 5: the record has no rec"},
		{name: "no node", lines: with(4, `{"at":1,"rec":"started"}`+"\n"), records: 3, wrong: "line 5: the record has no node"},
		{name: "no peer", lines: with(4, `{"at":1,"rec":"up","node":"A"}`+"\n"), records: 3, wrong: "line 5: the record has no peer"},
		{name: "itself as peer", lines: with(4, `{"at":1,"rec":"up","node":"A","peer":"A"}`+"\n"), records: 3, wrong: "line 5: the record has no peer"},
		{name: "no message", lines: with(4, `{"at":1,"rec":"sent","node":"A","peer":"B"}`+"\n"), records: 3, wrong: "line 5: the record has no msg"},
		{name: "no note", lines: with(4, `{"at":1,"rec":"noted","node":"A"}`+"\n"), records: 3, wrong: "line 5: the record has no note"},
		{name: "no header", lines: lines[1:], wrong: "line 1: no header"},
		{name: "another format", lines: with(0, `{"hotpair":2,"world":"sim","seed":1}`+"\n"), wrong: "line 1: the format is 2; this version reads 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, list, err := read([]byte(strings.Join(c.lines, "")))
			require.Len(t, list, c.records)
			require.NotErrorIs(t, err, trace.ErrCut, "it has an end")
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.missing, in.Missing)
		})
	}
}

// errWriter fails after some bytes.
type errWriter struct{ left int }

func (w *errWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errors.New("the disk is full")
	}
	return len(b), nil
}

func TestWriterKeepsTheFirstErrorForClose(t *testing.T) {
	w := trace.NewWriter(&errWriter{left: 1 << 16}, header)
	list := sample()
	for range 1000 {
		for i := range list {
			w.Record(&list[i])
		}
	}
	require.ErrorContains(t, w.Close(), "the disk is full")
}

// FuzzReader: whatever is read without an error, is the same when it is written and read again.
func FuzzReader(f *testing.F) {
	data := write(f, header, sample())
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte(`{"hotpair":1,"world":"","seed":0}` + "\n" + `{"end":true,"records":0}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, list, err := read(data)
		if err != nil {
			return
		}
		again, listAgain, err := read(write(t, in.Header, list))
		require.NoError(t, err)
		require.Zero(t, again.Missing)
		require.Equal(t, len(list), len(listAgain))
		for i := range list {
			require.Equal(t, list[i].String(), listAgain[i].String())
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	list := sample()
	w := trace.NewWriter(io.Discard, header)
	b.ReportAllocs()
	for i := range b.N {
		w.Record(&list[i%len(list)])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
