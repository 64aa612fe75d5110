package tserver

import "hotpair/hasync"

// Options are a T-Server's options, under their product names. So far all of them concern the pair.
type Options = hasync.Options

// LicenceOptions are what is licensed under peer arbitration (P2).
type LicenceOptions = hasync.LicenceOptions

// SyncMethod is the option ha-sync-method (X2).
type SyncMethod = hasync.SyncMethod

// DefaultOptions returns the defaults.
func DefaultOptions() Options { return hasync.DefaultOptions() }
