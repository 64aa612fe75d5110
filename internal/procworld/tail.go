package procworld

import (
	"io"
	"strings"
	"sync"
)

// tailSize is how much of what a process writes to standard error is kept, in bytes.
const tailSize = 4096

// tail keeps the last lines of what a process writes to standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
	also io.Writer
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if n := len(t.text) - tailSize; n > 0 {
		t.text = append(t.text[:0], t.text[n:]...)
	}
	if t.also != nil {
		_, _ = t.also.Write(b) // the log is a courtesy
	}
	return len(b), nil
}

// String shows the last lines, behind a line break, if there are any.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.text) == 0 {
		return ""
	}
	return "; it wrote:\n" + strings.TrimRight(string(t.text), "\n")
}
