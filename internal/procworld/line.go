package procworld

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/goccy/go-json"

	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// down is one line from the runner to a child: exactly one field is set.
type down struct {
	Node *nodeSpec     `json:"node,omitempty"`
	NATS *natsSpec     `json:"nats,omitempty"`
	Go   bool          `json:"go,omitempty"`
	Stop bool          `json:"stop,omitempty"`
	Do   *node.Command `json:"do,omitempty"`
}

// nodeSpec says which node a child is.
type nodeSpec struct {
	ID     wire.ID         `json:"id"`
	Config config.Config   `json:"config"`
	URL    string          `json:"url"`
	Pair   string          `json:"pair"`
	Clock  natsworld.Clock `json:"clock"`
	// Marks and MarkCalls say which records are wanted, as in Options.
	Marks     bool `json:"marks,omitempty"`
	MarkCalls bool `json:"markCalls,omitempty"`
	// Login, and System for the Management Layer, hold secrets: they go down this line, and nowhere else.
	Login  natsworld.Login `json:"login"`
	System natsworld.Login `json:"system"`
}

// natsSpec says how a child is the NATS server.
type natsSpec struct {
	Port     int    `json:"port"`
	StoreDir string `json:"storeDir"`
	Config   string `json:"config"`
}

// up is one line from a child to the runner.
type up struct {
	// Hello is the first line: the program has the hook.
	Hello bool `json:"hello,omitempty"`
	// Ready: a node is connected and waits for go; Inc is its incarnation. Or NATS accepts connections at Port.
	Ready bool   `json:"ready,omitempty"`
	Inc   uint64 `json:"inc,omitempty"`
	Port  int    `json:"port,omitempty"`
	// Records are those of a step; its messages leave after this line.
	Records []trace.Record `json:"records,omitempty"`
	// Fatal is why the child ends by itself.
	Fatal string `json:"fatal,omitempty"`
	// NoStore: it is that the store does not take the start number (fault.ErrStore).
	NoStore bool `json:"noStore,omitempty"`
}

// maxLine bounds a line, in bytes.
const maxLine = 64 << 20

// line is one end of the descriptor between runner and child. Send may be called by several goroutines.
type line struct {
	mu sync.Mutex
	f  *os.File
	in *bufio.Reader
}

func newLine(f *os.File) *line { return &line{f: f, in: bufio.NewReaderSize(f, 1<<16)} }

// send writes a value as one line, at once.
func (l *line) send(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("line: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.f.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("line: %w", err)
	}
	return nil
}

// receive reads the next line; io.EOF when the other end is gone.
func (l *line) receive(v any) error {
	var text []byte
	for {
		piece, err := l.in.ReadSlice('\n')
		text = append(text, piece...)
		if err == nil {
			break
		}
		if err != bufio.ErrBufferFull { //nolint:errorlint // bufio returns it as it is
			return io.EOF
		}
		if len(text) > maxLine {
			return fmt.Errorf("line: more than %d bytes", maxLine)
		}
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("line: %w", err)
	}
	return nil
}
