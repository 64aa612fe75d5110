// Package bad is what a node must not be: each line that ends with "want" is an impurity.
package bad

import (
	"math/rand/v2"
	"sync" // want
	"time"
)

var counter int // want

var table = []int{1, 2}

// Step does everything that it must not.
func Step(m map[string]int) time.Time {
	var mu sync.Mutex
	mu.Lock()
	c := make(chan int) // want
	go func() {         // want
		c <- 1 // want
	}()
	select { // want
	case <-c:
	default:
	}
	for range m { // want
		counter++ // want
	}
	table[0] = rand.IntN(3) // want want
	return time.Now()       // want
}
