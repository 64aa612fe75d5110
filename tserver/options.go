package tserver

import "hotpair/hasync"

// Options are a T-Server's options, under their product names. So far all of them concern the pair.
type Options = hasync.Options

// SyncMethod is the option ha-sync-method (X2).
type SyncMethod = hasync.SyncMethod

// DefaultOptions returns the defaults.
func DefaultOptions() Options { return hasync.DefaultOptions() }
