package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc: on Linux it is a hundredth of a second for all programs, whatever the kernel's own.
const clockTick = 10 * time.Millisecond

// usageOf reads what a process has used, from /proc; nothing where there is no /proc, or no such process.
func usageOf(pid int) (u usage) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u
	}
	// The name, which may hold anything, is in parentheses; utime and stime are the 12th and 13th field behind it.
	_, rest, _ := strings.Cut(string(stat)[strings.LastIndexByte(string(stat), ')'):], " ")
	if fields := strings.Fields(rest); len(fields) > 21 {
		user, _ := strconv.ParseInt(fields[11], 10, 64)
		system, _ := strconv.ParseInt(fields[12], 10, 64)
		pages, _ := strconv.ParseUint(fields[21], 10, 64)
		u = usage{time.Duration(user+system) * clockTick, pages * uint64(os.Getpagesize())}
	}
	return u
}
