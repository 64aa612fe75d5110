// Package hotstandby holds the scenarios of the hot-standby source, at least one for each of the rules R1 to R14 and X1 to X6.
package hotstandby

import "embed"

// Files are the scenario files.
//
//go:embed *.txtar
var Files embed.FS
