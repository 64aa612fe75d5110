// Package archtest holds what a linter cannot see: that nodes are pure. It type-checks the packages of the nodes and looks for goroutines, channels,
// select, loops over maps, mutable package variables, and imports that bring a clock, a lock or I/O.
//
// It must not know what nodes do.
package archtest
