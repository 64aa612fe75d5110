package pairconf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/wire"
)

func put(c *Config, epoch, n uint64, name, value string) {
	c.Put(Object{Name: name, Value: value, Version: Version{epoch, n}})
}

func TestP3Versions(t *testing.T) {
	v := Version{1, 2}
	require.Equal(t, Version{1, 3}, v.Next(1))
	require.Equal(t, Version{3, 1}, v.Next(3))
	require.True(t, v.Below(Version{1, 3}) && v.Below(Version{2, 1}) && !v.Below(v) && !v.Below(Version{1, 1}))
	require.Equal(t, "1.2", v.String())
}

func TestP3PutGetAndDelete(t *testing.T) {
	var c Config
	put(&c, 1, 1, "dn/2", "two")
	put(&c, 1, 2, "dn/1", "one")
	value, ok := c.Get("dn/1")
	require.True(t, ok)
	require.Equal(t, "one", value)
	require.Equal(t, "dn/1", c.Objects[0].Name, "in order")
	require.False(t, c.HasUsers())
	before := c.Digest()
	put(&c, 1, 3, "user/a", "key")
	require.True(t, c.HasUsers())
	require.NotEqual(t, before, c.Digest())
	put(&c, 1, 4, "user/a", "")
	require.False(t, c.HasUsers())
	require.Equal(t, before, c.Digest(), "an object that was deleted is none")
	_, ok = c.Get("user/a")
	require.False(t, ok)
	require.NoError(t, c.Validate())
}

// Both sides of a split change the same object, and others.
func TestP3WhatDidNotWinIsOnRecord(t *testing.T) {
	var a Config
	put(&a, 1, 1, "dn/1", "common")
	put(&a, 1, 2, "dn/2", "common")
	a.Agree()
	b := a
	b.Objects = append([]Object(nil), a.Objects...)
	put(&a, 1, 3, "dn/1", "at A")
	put(&a, 1, 4, "dn/3", "only at A")
	put(&a, 1, 5, "dn/4", "same")
	put(&a, 1, 6, "dn/2", "")
	put(&b, 2, 1, "dn/1", "at B")
	put(&b, 2, 2, "dn/4", "same")
	lost := a.Replace(b.Version, append([]Object(nil), b.Objects...))
	require.Equal(t, []Conflict{
		{Object{"dn/1", "at A", Version{1, 3}}, "at B"},
		{Object{"dn/2", "", Version{1, 6}}, "common"},
		{Object{"dn/3", "only at A", Version{1, 4}}, ""},
	}, lost)
	require.Equal(t, b.Digest(), a.Digest())
	require.Equal(t, lost, a.Conflicts)
	require.Equal(t, Version{2, 2}, a.Common)
	// Nothing was changed here since: nothing is lost when the other one has gone on.
	put(&b, 2, 3, "dn/1", "later")
	require.Empty(t, a.Replace(b.Version, b.Objects))
	require.Len(t, a.Conflicts, 3, "what is on record stays")
}

func TestBounds(t *testing.T) {
	for _, name := range []string{"", "dn", "dn/", "pet/1", "dn/ä", "dn/" + strings.Repeat("1", 65), "user/a b"} {
		require.ErrorContains(t, Check(name, "x"), "an object is dn/NAME, user/NAME", name)
	}
	for _, value := range []string{strings.Repeat("x", MaxValue+1), "two\nlines", "\xff"} {
		require.ErrorContains(t, Check("dn/1", value), "one line of valid UTF-8")
	}
	require.NoError(t, Check("option/a.b_c-1", ""))
	var c Config
	for i := range MaxObjects {
		put(&c, 1, uint64(i+1), fmt.Sprintf("dn/%d", i), "x")
	}
	require.ErrorIs(t, c.Room("dn/more", "x"), ErrFull)
	require.NoError(t, c.Room("dn/1", ""), "something can always be deleted")
	c.Objects[0], c.Objects[1] = c.Objects[1], c.Objects[0]
	require.ErrorContains(t, c.Validate(), "is not in order")
}

func TestP4KeysAndProofs(t *testing.T) {
	key := Key("alice", "secret")
	require.Len(t, key, 64)
	require.NotEqual(t, key, Key("alice", "Secret"))
	require.NotEqual(t, Key("a", "b c"), Key("a b", "c"))
	proof := Proof(key, 2, 1, 16, 1)
	for _, other := range []string{
		Proof(Key("alice", "x"), 2, 1, 16, 1), Proof(key, 3, 1, 16, 1), Proof(key, 2, 2, 16, 1), Proof(key, 2, 1, 17, 1), Proof(key, 2, 1, 16, 2),
	} {
		require.NotEqual(t, proof, other, "it is good for one incarnation of one client at one incarnation of one server")
	}
}

// What is stored, and told to operators, fits into one message of NATS, however it is escaped.
func TestTheWholeFitsIntoAMessage(t *testing.T) {
	var c, other Config
	for i := 0; ; i++ {
		name, value := fmt.Sprintf("dn/%d", i), strings.Repeat("<", MaxValue)
		if err := c.Room(name, value); err != nil {
			require.ErrorIs(t, err, ErrFull)
			require.Positive(t, i)
			break
		}
		put(&c, 1, uint64(i+1), name, value)
	}
	put(&other, 2, 1, "dn/x", "x")
	for range 20 {
		again := c
		again.Conflicts = other.Conflicts
		lost := again.Replace(other.Version, append([]Object(nil), other.Objects...))
		require.NotEmpty(t, lost)
		other.Conflicts = again.Conflicts
	}
	c.Conflicts = other.Conflicts
	require.Less(t, sizeOf(&c), 200<<10)
	require.Equal(t, "dn/9", c.Conflicts[len(c.Conflicts)-1].Name, "the newest are kept")
}

// docs/clientfailover.md tells programs in other languages how to log in; these values were computed by one.
func TestP4KeysAndProofsAsDocumented(t *testing.T) {
	key := Key("alice", "secret")
	require.Equal(t, "d8cf59aad9ff3a91a5feaaed76061c050215fcbc2beb964aecab393e29b85821", key)
	require.Equal(t, "05e3bcf38893f98651119a11f2a329cfc32295fdd5c398b3dfdb39506f56bb6f", Proof(key, wire.A, 3, wire.Client(5), 1))
}
