// Package scenarios is the scenario language and its runner.
package scenarios
