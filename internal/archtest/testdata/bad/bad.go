// Package bad is what a node must not be: each line that ends with "want" is an impurity.
package bad

import (
	"fmt"
	"maps"
	_ "math/rand" // want
	"math/rand/v2"
	_ "os/exec" // want
	"slices"
	"sync" // want
	"time"
)

var counter int // want

var table = []int{1, 2}

var known = map[string]bool{"a": true}

func generic[M ~map[string]int](m M) {
	for range m { // want
	}
}

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
	for k := range maps.Keys(m) { // want
		fmt.Println(k) // want
	}
	for _, k := range slices.Sorted(maps.Keys(m)) { // one order: this is how a node goes through a map
		m[k] = 0
	}
	delete(known, "a")     // want
	println(fmt.Sprint(m)) // want
	generic(m)
	table[0] = rand.IntN(3) // want want
	return time.Now()       // want
}
