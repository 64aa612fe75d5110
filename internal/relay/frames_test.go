package relay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/wire"
)

func TestFrames(t *testing.T) {
	aToB := direction{wire.A, wire.B}
	for _, c := range []struct {
		name, in string
		dir      direction
		nonsense string // part of the error; "" if the frame is good
	}{
		{name: "connect", in: "CONNECT {\"verbose\":false}\r\n"},
		{name: "ping", in: "PING\r\n"},
		{name: "subscribe to a direction", in: "SUB hotpair.pair.ha.A.B 1\r\n"},
		{name: "empty line", in: "\r\n"},
		{name: "publish", in: "PUB hotpair.pair.ha.A.B 5\r\nhello\r\n", dir: aToB},
		{name: "lower case and tabs", in: "pub\thotpair.pair.ha.A.B\t5\r\nhello\r\n", dir: aToB},
		{name: "no payload", in: "PUB hotpair.pair.ha.A.B 0\r\n\r\n", dir: aToB},
		{name: "a payload that looks like a frame", in: "PUB hotpair.pair.ha.A.B 8\r\n\r\nPING\r\n\r\n", dir: aToB},
		{name: "with reply", in: "PUB hotpair.pair.ha.A.B _INBOX.1 2\r\nhi\r\n", dir: aToB},
		{name: "headers", in: "HPUB hotpair.pair.client.C12.A 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", dir: direction{wire.Client(12), wire.A}},
		{name: "headers with reply", in: "HPUB hotpair.pair.ha.A.B _INBOX.1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", dir: aToB},
		{name: "KV", in: "PUB $KV.hotpair_pair.A.state _INBOX.1 2\r\nhi\r\n"},
		{name: "another program", in: "PUB orders.new.x.A.B 2\r\nhi\r\n"},
		{name: "the trace of a node", in: "PUB hotpair.pair.trace.A 2\r\nhi\r\n"},
		{name: "no node", in: "PUB hotpair.pair.ha.A.X 2\r\nhi\r\n"},

		{name: "no size", in: "PUB hotpair.pair.ha.A.B\r\n", nonsense: "malformed PUB"},
		{name: "too many words", in: "PUB a b c 5\r\nhello\r\n", nonsense: "malformed PUB"},
		{name: "one size of two", in: "HPUB a 5\r\nhello\r\n", nonsense: "malformed HPUB"},
		{name: "size is no number", in: "PUB a five\r\nhello\r\n", nonsense: `not "five"`},
		{name: "negative size", in: "PUB a -1\r\n\r\n", nonsense: `not "-1"`},
		{name: "size out of range", in: "PUB a 67108865\r\n", nonsense: "from 0 to 67108864"},
		{name: "size beyond all numbers", in: "PUB a 99999999999999999999999\r\n", nonsense: "from 0 to 67108864"},
		{name: "longer than its size", in: "PUB a 4\r\nhello\r\n", nonsense: "does not end with CR LF"},
		{name: "endless line", in: "SUB " + strings.Repeat("x", maxLine) + "\r\n", nonsense: "more than 32768 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame, dir, err := readFrame(bufio.NewReader(strings.NewReader(c.in)), nil)
			if c.nonsense != "" {
				require.ErrorIs(t, err, errNonsense)
				require.ErrorContains(t, err, c.nonsense)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.in, string(frame))
			require.Equal(t, c.dir, dir)
		})
	}
}

// A client that dies in the middle of a frame is no nonsense: it is gone.
func TestFramesCut(t *testing.T) {
	whole := "HPUB hotpair.pair.ha.A.B 12 14\r\nNATS/1.0\r\n\r\nhi\r\n"
	for n := range len(whole) {
		_, _, err := readFrame(bufio.NewReader(strings.NewReader(whole[:n])), nil)
		require.Error(t, err)
		require.NotErrorIs(t, err, errNonsense)
	}
}

// A size that is only said takes no memory.
func TestFramesBoundedMemory(t *testing.T) {
	in := "PUB a 67108864\r\nabc"
	frame, _, err := readFrame(bufio.NewReader(strings.NewReader(in)), nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Less(t, cap(frame), 1<<20)
}

// pieces reads in pieces whose lengths are the bytes of cuts, over and over.
type pieces struct {
	data, cuts []byte
	next       int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := 1
	if len(p.cuts) > 0 {
		n += int(p.cuts[p.next%len(p.cuts)])
		p.next++
	}
	n = copy(b[:min(n, len(b))], p.data)
	p.data = p.data[n:]
	return n, nil
}

type framed struct {
	text string
	dir  direction
}

func frames(r io.Reader) (all []framed, err error) {
	in := bufio.NewReaderSize(r, 512)
	var buf []byte
	for {
		var dir direction
		buf, dir, err = readFrame(in, buf)
		if err != nil {
			return all, err
		}
		all = append(all, framed{string(buf), dir})
	}
}

// FuzzFrames: what comes in pieces is read as what comes at once, nothing is added or lost, and nothing panics.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("PING\r\nPUB hotpair.pair.ha.A.B 5\r\nhello\r\nSUB a 1\r\n"), []byte{0, 3, 1})
	f.Add([]byte("HPUB hotpair.pair.cti.S.A _INBOX.1 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPUB a -1\r\n"), []byte{7})
	f.Add([]byte("PUB a 99999999\r\nx"), []byte{})
	f.Add([]byte("\r\n\n\rPUB\r\n"), []byte{255})
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		whole, err := frames(bytes.NewReader(data))
		split, errSplit := frames(&pieces{data: data, cuts: cuts})
		require.Equal(t, whole, split)
		require.Equal(t, err.Error(), errSplit.Error())
		require.Equal(t, errors.Is(err, errNonsense), errors.Is(errSplit, errNonsense))
		var joined []byte
		for _, w := range whole {
			joined = append(joined, w.text...)
		}
		require.True(t, bytes.HasPrefix(data, joined))
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			rest := data[len(joined):]
			require.NotContains(t, string(rest), "\n\n\n", "complete lines were left")
		}
	})
}
