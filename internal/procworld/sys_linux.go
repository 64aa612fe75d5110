package procworld

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// dieWithParent lets the kernel kill a child when the thread that started it ends: a stopped child cannot notice the end of its line.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

// isStopped reports whether a process is in state T. One that cannot be looked at has ended, and is not stopped.
func isStopped(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// pid (name) state ...: the name may hold anything, so what counts stands behind the last parenthesis.
	at := bytes.LastIndexByte(stat, ')')
	return at >= 0 && at+2 < len(stat) && stat[at+2] == 'T'
}
