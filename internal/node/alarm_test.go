package node

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/wire"
)

func TestEachAlarmHasAName(t *testing.T) {
	for i, name := range AlarmNames() {
		n := AlarmNote(Alarm(i+1), true, wire.B, "why")
		require.NotEmpty(t, name)
		data, err := json.Marshal(n)
		require.NoError(t, err)
		require.Contains(t, string(data), `"alarm":"`+name+`"`)
		var again Note
		require.NoError(t, json.Unmarshal(data, &again))
		require.Equal(t, n, again)
	}
	var a Alarm
	require.ErrorContains(t, a.UnmarshalText([]byte("fire")), `unknown alarm "fire"`)
	require.Equal(t, "unknown(200)", Alarm(200).String())
}

// TestAlarmsAreNotedOnce when they are raised and when they are cleared, each by itself.
func TestAlarmsAreNotedOnce(t *testing.T) {
	var s Alarms
	var out Output
	s.Set(NoBrain, false, wire.None, "", &out)
	require.Empty(t, out.Notes)
	s.Set(NoBrain, true, wire.None, "nobody", &out)
	s.Set(NoBrain, true, wire.None, "still nobody", &out)
	s.Set(StoreFault, true, wire.None, "full", &out)
	require.True(t, s.Raised(NoBrain) && s.Raised(StoreFault))
	s.Set(NoBrain, false, wire.None, "somebody", &out)
	require.True(t, !s.Raised(NoBrain) && s.Raised(StoreFault))
	require.Equal(t, []Note{
		{Kind: NoteAlarm, Alarm: NoBrain, N: 1, Text: "nobody"},
		{Kind: NoteAlarm, Alarm: StoreFault, N: 1, Text: "full"},
		{Kind: NoteAlarm, Alarm: NoBrain, Text: "somebody"},
	}, out.Notes)
}
