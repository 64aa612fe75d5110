package procworld

import (
	"os/exec"
	"runtime"
)

// spawner starts all children from one operating-system thread that lives as long as the world: the kernel kills a child when the thread that
// started it ends, not only when the process does.
type spawner struct {
	work chan func()
}

func newSpawner() *spawner {
	s := &spawner{work: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		for f := range s.work {
			f()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	err := make(chan error, 1)
	s.work <- func() { err <- cmd.Start() }
	return <-err
}

// close ends the thread; all children have ended by then.
func (s *spawner) close() { close(s.work) }
