package parties

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/canon/canontest"
)

// TestCanonicalHoldsEveryField of a call, and it is restored as it was, but for the lines, which are the owner's.
func TestCanonicalHoldsEveryField(t *testing.T) {
	party := func(dn callmodel.DN) Party {
		return Party{dn, 0, callmodel.PartyEstablished, callmodel.RoleConferenceMember, true}
	}
	c := Call{
		Type: callmodel.CallConsult, n: 2, two: [2]Party{party("1001"), party("1002")},
		rare: &rare{callmodel.CallID{Ref: 1, Born: 2}, "Q1", []Party{party("1003")}},
	}
	require.Empty(t, canontest.Unseen(&c, func() []byte { return c.Append(nil) }, []string{
		"n",                                               // how many of two there are
		"two[0].Line", "two[1].Line", "rare.more[0].Line", // no state
	}))
	b := c.Append(nil)
	require.Equal(t, c, Restore(canon.NewReader(b)))
	c.n--
	require.NotEqual(t, b, c.Append(nil))
}
