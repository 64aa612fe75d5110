package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// progress shows what goes on, on one line of a terminal. Elsewhere it is quiet. It may be used by several goroutines at once.
type progress struct {
	mu sync.Mutex
	w  io.Writer
	on bool
}

func newProgress(f *os.File) *progress {
	return &progress{w: f, on: isTerminal(f)}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) line(text string) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "\r\033[K%.100s", text)
}

func (p *progress) clear() { p.line("") }
