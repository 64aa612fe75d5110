package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A node of an earlier version knows nothing of what later ones have brought, and everything else.
func TestReadAs(t *testing.T) {
	for k := Kind(1); k < kindEnd; k++ {
		m, _, _ := example(k, shapes[k].need|shapes[k].may)
		was := m
		require.True(t, m.ReadAs(MaxVersion), k)
		require.Equal(t, was, m, k)
		for version := uint32(FirstVersion); version < MaxVersion; version++ {
			require.Equal(t, k.Since() <= version, m.ReadAs(version), "%s in version %d", k, version)
		}
		if k.Since() == 1 {
			require.Equal(t, was.fields()&^later, m.fields(), k)
			require.Equal(t, uint32(1), m.Needs(), k)
		}
	}
	require.False(t, (&Message{Kind: Unknown}).ReadAs(MaxVersion))
	require.Equal(t, uint32(3), (&Message{Kind: SyncProgress}).Needs())
	require.Equal(t, uint32(2), (&Message{Kind: RegistrationTold}).Needs())
}

func TestLaterFieldsNeedTheLaterVersion(t *testing.T) {
	all := full()
	for i, name := range fieldNames {
		m := Message{Kind: PeerState}
		byName(&m, name).Set(byName(&all, name))
		require.Equal(t, later&(1<<i) != 0, m.Needs() > 1, name)
	}
}

func TestTrim(t *testing.T) {
	for k := Kind(1); k < kindEnd; k++ {
		m := full()
		m.Kind = k
		m.Trim()
		require.Equal(t, shapes[k].need|shapes[k].may, m.fields(), k)
	}
	m := full()
	m.Kind = Unknown
	m.Trim()
	require.Equal(t, "text", m.Text)
}

func TestNobodySendsUnknown(t *testing.T) {
	m := Message{Kind: Unknown}
	require.ErrorContains(t, m.Validate(A, B), "kind is missing")
	_, err := ParseKind(Unknown.String())
	require.ErrorContains(t, err, "unknown message kind")
}
