package tserver

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// TestX8WhatWasGivenUpStaysSo: events whose ConnIDs nobody can tell are given up; that the ring gets full, and drops what stands before them, does not bring
// them back.
func TestX8WhatWasGivenUpStaysSo(t *testing.T) {
	j := &journal{keep: 4, agreed: 3}
	add := func(seq uint64, connID callmodel.ConnID) {
		j.add(&event{number: number{seq: seq}, kind: wire.EventDialing, call: callmodel.CallID{Ref: uint32(seq), Born: seq}, connID: connID})
		j.release()
	}
	add(1, 11)
	add(2, 12)
	add(3, 0) // it was over before it had a ConnID
	add(4, 14)
	j.distrust(func(callmodel.CallID) bool { return false })
	_, complete := j.behind(number{seq: 2})
	require.False(t, complete)
	add(5, 15) // for which 1 is dropped
	require.Equal(t, uint64(2), j.at(0).seq)
	_, complete = j.behind(number{seq: 2})
	require.False(t, complete, "3 would be told without a ConnID")
	first, complete := j.behind(number{seq: 3})
	require.True(t, complete)
	require.Equal(t, uint64(4), j.at(first).seq)
}
