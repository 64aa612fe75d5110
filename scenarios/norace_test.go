//go:build !race

package scenarios

// underRace tells that the race detector is at work.
const underRace = false
