package main

import (
	"fmt"
	"io"
	"os"
)

// progress shows what goes on, on one line of a terminal. Elsewhere it is quiet.
type progress struct {
	w  io.Writer
	on bool
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	return &progress{w: f, on: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (p *progress) line(text string) {
	if p.on {
		fmt.Fprintf(p.w, "\r\033[K%.100s", text)
	}
}

func (p *progress) clear() { p.line("") }
