package monitor_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/config"
	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// file writes records as a trace file.
func file(tb testing.TB, records []trace.Record, c config.Config) []byte {
	conf, err := json.Marshal(c)
	require.NoError(tb, err)
	var b bytes.Buffer
	w := trace.NewWriter(&b, trace.Header{World: "sim", Seed: 1, Config: conf})
	for i := range records {
		w.Record(&records[i])
	}
	require.NoError(tb, w.Close())
	return b.Bytes()
}

// whole is a trace of a run that held: synchronized, a new call, its end, and healed.
func whole() []trace.Record {
	t := synchronizedPair()
	t.receive(t.newCall())
	t.named(b, call2, aName2, "adopted")
	t.acks(b, 1, call2, aName2)
	t.busy()
	t.releases(call2, 13)
	t.world(wire.World, "converge")
	t.busy()
	return t.list
}

// renumber closes the holes in the numbers of a node's records, as somebody would who edits a trace with care.
func renumber(records []trace.Record) []trace.Record {
	type key struct {
		id  wire.ID
		inc uint64
	}
	last, moved := map[key]uint64{}, map[key]map[uint64]uint64{}
	list := slices.Clone(records)
	for i := range list {
		r := &list[i]
		k := key{r.Node, r.Inc}
		if r.Index > 0 {
			last[k]++
			if moved[k] == nil {
				moved[k] = map[uint64]uint64{}
			}
			moved[k][r.Index], r.Index = last[k], last[k]
		}
		if r.Kind == trace.Received {
			r.PeerIndex = moved[key{r.Peer, r.PeerInc}][r.PeerIndex]
		}
	}
	return list
}

func monitors(violations []monitor.Violation) []string {
	var names []string
	for _, v := range violations {
		if !slices.Contains(names, v.Monitor) {
			names = append(names, v.Monitor)
		}
	}
	return names
}

func TestVerifyHolds(t *testing.T) {
	rep, err := monitor.Verify(bytes.NewReader(file(t, whole(), config.Default())))
	require.NoError(t, err)
	require.Empty(t, rep.Violations)
	require.Equal(t, len(whole()), rep.Records)
	require.Equal(t, "sim", rep.Header.World)
}

// What a file says of the T-Servers' options counts.
func TestVerifyReadsTheConfiguration(t *testing.T) {
	early := asked(10)
	early.announce(b, "R13")
	c := config.Default()
	rep, err := monitor.Verify(bytes.NewReader(file(t, early.list, c)))
	require.NoError(t, err)
	require.Equal(t, []string{"S4"}, monitors(rep.Violations))
	c.B.HASyncDlyLnkConn = false
	rep, err = monitor.Verify(bytes.NewReader(file(t, early.list, c)))
	require.NoError(t, err)
	require.Empty(t, rep.Violations)
}

// Each record of a trace, when it is removed, is missed: its incarnation's numbers have a hole, or the file's count is wrong.
func TestVerifyMissesEachRecord(t *testing.T) {
	records := whole()
	data := strings.SplitAfter(string(file(t, records, config.Default())), "\n")
	for i := range records {
		edited := strings.Join(slices.Delete(slices.Clone(data), i+1, i+2), "")
		rep, err := monitor.Verify(strings.NewReader(edited))
		require.NoError(t, err, "without %s", records[i])
		require.NotEmpty(t, rep.Violations, "without %s", records[i])
		require.Contains(t, monitors(rep.Violations), "trace", "without %s", records[i])
	}
}

// Somebody edits a trace with care: no hole is left in the numbers, and the count is right.
func TestVerifyEditedWithCare(t *testing.T) {
	without := func(match func(r *trace.Record) bool) func([]trace.Record) []trace.Record {
		return func(records []trace.Record) []trace.Record {
			return renumber(slices.DeleteFunc(records, func(r trace.Record) bool { return match(&r) }))
		}
	}
	edit := func(match func(r *trace.Record) bool, change func(r *trace.Record)) func([]trace.Record) []trace.Record {
		return func(records []trace.Record) []trace.Record {
			found := 0
			for i := range records {
				if r := &records[i]; match(r) {
					change(r)
					found++
				}
			}
			require.NotZero(t, found, "the edit must find its record")
			return records
		}
	}
	named := func(id wire.ID, c callmodel.CallID) func(r *trace.Record) bool {
		return func(r *trace.Record) bool {
			return r.Node == id && r.Kind == trace.Noted && r.Note.Kind == node.NoteNamed && r.Note.Call == c
		}
	}
	gone := func(id wire.ID, c callmodel.CallID) func(r *trace.Record) bool {
		return func(r *trace.Record) bool {
			return r.Node == id && r.Kind == trace.Noted && r.Note.Kind == node.NoteGone && r.Note.Call == c
		}
	}
	for _, c := range []struct {
		name  string
		edit  func([]trace.Record) []trace.Record
		wrong string
	}{
		{"nothing", renumber, ""},
		{"S1: a second primary in the epoch", edit(func(r *trace.Record) bool {
			return r.Node == b && r.Kind == trace.Noted && r.Note.Kind == node.NoteRole
		}, func(r *trace.Record) { r.Note.Text = "primary" }), "S1"},
		{"S5: the ConnID of another call", edit(named(b, call2), func(r *trace.Record) { r.Note.ConnID = aName1 }), "S5"},
		{"S3: a ConnID that nobody has", edit(named(b, call2), func(r *trace.Record) { r.Note.ConnID += 77 }), "S3"},
		{"S3: the adoption removed", without(named(b, call2)), "S3"},
		{"S2: the release of the tagged call removed", without(func(r *trace.Record) bool {
			return r.Node == a && (gone(a, call1)(r) || r.Kind == trace.Received && r.Msg.Kind == wire.CallReleased && r.Msg.Call == call1) ||
				r.Node == sw && r.Kind == trace.Sent && r.Peer == a && r.Msg.Kind == wire.CallReleased && r.Msg.Call == call1
		}), "S2"},
		{"S2: that it is gone removed", without(gone(a, call1)), "S2"},
		{"S4: Full Sync Done removed", without(func(r *trace.Record) bool {
			return r.Msg != nil && r.Msg.Kind == wire.FullSyncDone
		}), "S4"},
		{"L1: that it is synchronized removed", without(func(r *trace.Record) bool {
			return r.Node == b && r.Kind == trace.Noted && r.Note.Kind == node.NoteSync
		}), "L1"},
		{"a receive removed", without(func(r *trace.Record) bool {
			return r.Node == b && r.Kind == trace.Received && r.Msg.Kind == wire.CallReleased && r.Msg.Call == call1
		}), "trace"},
		{"a send removed", without(func(r *trace.Record) bool {
			return r.Node == b && r.Kind == trace.Sent && r.Msg.Kind == wire.BackupReady
		}), "trace"},
		{"a message changed at one end", edit(func(r *trace.Record) bool {
			return r.Kind == trace.Received && r.Msg.Kind == wire.CallNamed
		}, func(r *trace.Record) { r.Msg.ConnID++ }), "trace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep, err := monitor.Verify(bytes.NewReader(file(t, c.edit(whole()), config.Default())))
			require.NoError(t, err)
			if c.wrong == "" {
				require.Empty(t, rep.Violations)
				return
			}
			require.Contains(t, monitors(rep.Violations), c.wrong)
		})
	}
}

func TestVerifyCannotTell(t *testing.T) {
	data := file(t, whole(), config.Default())
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty", nil},
		{"cut in the header", data[:5]},
		{"the header alone", data[:bytes.IndexByte(data, '\n')+1]},
		{"cut between records", data[:bytes.LastIndexByte(data[:len(data)-1], '\n')+1]},
		{"cut in a record", data[:len(data)/2]},
		{"no records", file(t, nil, config.Default())},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := monitor.Verify(bytes.NewReader(c.data))
			require.ErrorIs(t, err, trace.ErrCut)
		})
	}
	_, err := monitor.Verify(strings.NewReader(`{"hotpair":1,"world":"sim","seed":1,"config":{"Clients":"many"}}` + "\n"))
	require.ErrorContains(t, err, "line 1: config")
	_, err = monitor.Verify(bytes.NewReader(bytes.Replace(data, []byte(`"rec":"noted"`), []byte(`"rec":"felt"`), 1)))
	require.ErrorContains(t, err, `unknown record kind "felt"`)
	require.NotErrorIs(t, err, trace.ErrCut)
}

// A violation before the place where a trace cannot be read is reported.
func TestVerifyReportsWhatItSawOfACutTrace(t *testing.T) {
	tape := synchronizedPair()
	tape.role(b, wire.Primary, 1)
	data := file(t, tape.list, config.Default())
	rep, err := monitor.Verify(bytes.NewReader(data[:bytes.LastIndexByte(data[:len(data)-1], '\n')+1]))
	require.ErrorIs(t, err, trace.ErrCut)
	require.Equal(t, []string{"S1"}, monitors(rep.Violations))
}

// FuzzVerify: nothing that stands in a file makes a monitor panic, and the same file is judged the same again. The seeds are long: with
// -fuzzminimizetime 5x the time is not spent on making them shorter.
func FuzzVerify(f *testing.F) {
	records := whole()
	data := file(f, records, config.Default())
	f.Add(data)
	for _, tape := range []*tape{alone(), asked(12)} {
		f.Add(file(f, tape.list, config.Default()))
		f.Add(file(f, tape.list[len(tape.list)/2:], config.Default())) // T-Servers that never started
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rep, err := monitor.Verify(bytes.NewReader(data))
		again, errAgain := monitor.Verify(bytes.NewReader(data))
		require.Equal(t, err == nil, errAgain == nil)
		require.Equal(t, rep.Violations, again.Violations)
	})
}

// Records of a T-Server of which no start was recorded, as when the beginning of a file is cut out, are judged and do not panic.
func TestMonitorsTakeTracesWithoutABeginning(t *testing.T) {
	records := whole()
	for from := range records {
		require.NotPanics(t, func() { judge(records[from:], config.Default()) }, "from record %d", from)
	}
}
