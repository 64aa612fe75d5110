//go:build !linux

package procworld

import (
	"sync"
	"syscall"
)

// dieWithParent: only Linux can do it; elsewhere a child ends when its line does, which a stopped child notices when it goes on.
func dieWithParent(*syscall.SysProcAttr) {}

var (
	stoppedMu sync.Mutex
	stopped   = map[int]bool{}
)

// isStopped cannot be asked without /proc: the signal is taken to have had its effect.
func isStopped(pid int) bool {
	stoppedMu.Lock()
	defer stoppedMu.Unlock()
	stopped[pid] = !stopped[pid]
	return stopped[pid]
}
