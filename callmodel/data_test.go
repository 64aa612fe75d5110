package callmodel_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
)

func pairs(kv ...string) callmodel.AttachedData {
	var list []callmodel.Pair
	for i := 0; i < len(kv); i += 2 {
		list = append(list, callmodel.Pair{Key: kv[i], Value: kv[i+1]})
	}
	return callmodel.Attach(list...)
}

func TestAttachedData(t *testing.T) {
	d := pairs("b", "2", "a", "1", "b", "3")
	require.Equal(t, []callmodel.Pair{{Key: "a", Value: "1"}, {Key: "b", Value: "3"}}, d.Pairs(), "in the order of their keys; the later value counts")
	require.Equal(t, "a=1 b=3", d.String())
	require.Equal(t, 8, d.Size(), "a length before each key and value")
	require.Equal(t, pairs("a", "1", "b", "3"), d, "equal data are equal strings")
	require.Equal(t, pairs("a", "9", "b", "3", "c", ""), d.With(pairs("a", "9", "c", "")))
	require.Equal(t, d, d.With(""))
	require.Equal(t, d, callmodel.AttachedData("").With(d))
	require.Equal(t, pairs("a", "1"), d.Without("b"))
	require.Empty(t, d.Without("b").Without("a"))
	v, ok := d.Get("b")
	require.True(t, ok)
	require.Equal(t, "3", v)
	_, ok = d.Get("c")
	require.False(t, ok)
	require.Empty(t, callmodel.AttachedData("\xff\xff").Pairs(), "packed by nobody")
	require.Equal(t, 2+3+69_998, pairs("k", strings.Repeat("x", 69_998)).Size())
}

func TestAttachedDataInJSON(t *testing.T) {
	d := pairs("name", "Müller & <Söhne>", "", "empty key", "q", "\"\\\n")
	b, err := json.Marshal(d)
	require.NoError(t, err)
	var again callmodel.AttachedData
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, d, again)
	for _, wrong := range []string{`[]`, `{"a":1}`, `"x"`, `{"a":{"b":"c"}}`} {
		require.ErrorContains(t, json.Unmarshal([]byte(wrong), &again), "attached data is an object whose values are strings", wrong)
	}
}

// FuzzAttachedData: what is read is written again, and packed alike.
func FuzzAttachedData(f *testing.F) {
	f.Add([]byte(`{"a":"1","b":"2","a":"3"}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d callmodel.AttachedData
		if json.Unmarshal(b, &d) != nil {
			return
		}
		require.Equal(t, d, callmodel.Attach(d.Pairs()...))
		out, err := json.Marshal(d)
		require.NoError(t, err)
		var again callmodel.AttachedData
		require.NoError(t, json.Unmarshal(out, &again))
		require.Equal(t, d, again)
	})
}
