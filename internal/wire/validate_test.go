package wire

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
)

// full has every field set.
func full() Message {
	return Message{
		Epoch: 1, Num: 2, Seq: 3, Sub: 4, Call: callmodel.CallID{Ref: 5, Born: 6}, ConnID: 7, ThisDN: "1001", OtherDN: "1002",
		CallType: callmodel.CallInternal, CallState: callmodel.CallRinging, DNType: callmodel.DNExtension, Agent: callmodel.AgentReady,
		Role: Primary, CTI: callmodel.CTISynchronized, Announced: true, Ready: true, Complete: true, Normal: true, Reason: Synchronized, Outcome: Taken,
		Node: A, Inc: 8, Text: "text", Version: 9, Calls: 10, Sessions: 11, Deactivated: true, Proof: "proof",
		RefID: 11, Client: Client(1), Of: RequestMakeCall, ThirdDN: "1003", Queue: "Q1", OtherCall: callmodel.CallID{Ref: 12, Born: 13}, PreviousConnID: 14,
		TransferConnID: 15, PartyState: callmodel.PartyHeld, ThisRole: callmodel.RoleOrigination, OtherRole: callmodel.RoleDestination,
		Cause: callmodel.CauseTransferred, Code: callmodel.ErrBusy, WorkMode: callmodel.WorkManualIn, Mode: callmodel.RegPrivate,
		Data: callmodel.Attach(callmodel.Pair{Key: "key", Value: "value"}), Time: 16,
		Seats: 12, Feature: "feature", Object: "object", ConfigEpoch: 13,
	}
}

// example returns a message of a kind with the given fields and no others, and one link on which it belongs.
func example(k Kind, fields field) (m Message, from, to ID) {
	m.Kind = k
	all := full()
	for i, name := range fieldNames {
		if fields&(1<<i) != 0 {
			byName(&m, name).Set(byName(&all, name))
		}
	}
	if k == ClientReport && m.Node != None {
		m.Node = Client(1)
	}
	for _, from := range []ID{Switch, A, B, MLayer, Client(1)} {
		for _, to := range PeersOf(nil, from, 1) {
			if shapes[k].fits(from, to) {
				return m, from, to
			}
		}
	}
	panic("nobody sends " + k.String())
}

// byName finds a field by its name in the JSON.
func byName(m *Message, name string) reflect.Value {
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name {
			return v.Field(i)
		}
	}
	panic("no field " + name)
}

func TestEveryFieldHasItsName(t *testing.T) {
	require.Equal(t, len(fieldNames)+1, reflect.TypeFor[Message]().NumField(), "every field but kind has a bit")
	for i, name := range fieldNames {
		var m Message
		all := full()
		byName(&m, name).Set(byName(&all, name))
		require.Equal(t, field(1<<i), m.fields(), name)
	}
}

func TestEveryKindHasAShape(t *testing.T) {
	for k := Kind(1); k < kindEnd; k++ {
		require.NotNil(t, shapes[k].from, k)
		require.Zero(t, shapes[k].need&shapes[k].may, k)
		for _, fields := range []field{shapes[k].need, shapes[k].need | shapes[k].may} {
			m, from, to := example(k, fields)
			require.NoError(t, m.Validate(from, to), "%s from %s to %s", k, from, to)
		}
	}
}

func TestMissingFieldIsNamed(t *testing.T) {
	for k := Kind(1); k < kindEnd; k++ {
		for i, name := range fieldNames {
			if shapes[k].need&(1<<i) != 0 {
				m, from, to := example(k, shapes[k].need&^(1<<i))
				require.EqualError(t, m.Validate(from, to), k.String()+": missing: "+name)
			}
		}
	}
}

func TestFieldThatIsNotAllowedIsNamed(t *testing.T) {
	for k := Kind(1); k < kindEnd; k++ {
		for i, name := range fieldNames {
			if (shapes[k].need|shapes[k].may)&(1<<i) == 0 {
				m, from, to := example(k, shapes[k].need|1<<i)
				require.ErrorContains(t, m.Validate(from, to), k.String()+": not allowed: "+name+"; it has "+(shapes[k].need|shapes[k].may).String())
			}
		}
	}
}

// The kinds of each direction, as the comments at the kinds say.
func TestWhoSendsWhat(t *testing.T) {
	events := "EventLinkConnected EventLinkDisconnected"
	failover := "PeerHandshake PeerDeactivated ActivateRequest ActivateWithdrawn ClientReport AskActivity HandOver LicenceState ConfigState ConfigObject ConfigEnd " +
		"ConfigChange ConfigAck"
	for direction, want := range map[[2]ID]string{
		{A, Switch}: "SnapshotRequest KeepAlive QueryCall SwitchRequest MarkEpoch",
		{Switch, B}: "SnapshotBegin SnapshotDN SnapshotCall SnapshotEnd CallCreated CallAnswered CallReleased AgentChanged KeepAliveAck CallInfo " +
			"SnapshotParty CallHeld CallRetrieved CallOffered CallDiverted PartyLeft CallsJoined DNChanged EpochMarked SwitchAnswer",
		{A, B}:      "PeerState BackupReady FullSyncDone FullSyncAck CallNamed CallNamedAck SyncProgress " + failover + " PrimaryEvent AgentTold RequestTold RegistrationTold",
		{B, A}:      "PeerState BackupReady FullSyncDone FullSyncAck CallNamed CallNamedAck SyncProgress " + failover + " PrimaryEvent AgentTold RequestTold RegistrationTold",
		{A, MLayer}: "Status RoleTaken " + events,
		{MLayer, A}: "Appoint PeerFailed",
		{B, Client(2)}: events + " EventServerInfo EventRegistered EventError EventDialing EventRinging EventEstablished EventReleased " +
			"EventAbandoned EventResumed EventPartyInfo EventLoggedIn EventLoginRefused EventLoggedOut EventACK EventUnregistered EventAddressInfo EventHeld EventRetrieved EventPartyChanged EventPartyAdded " +
			"EventPartyDeleted EventQueued EventDiverted EventRouteRequest EventDestinationBusy EventAttachedDataChanged EventAgentLogin EventAgentLogout " +
			"EventAgentReady EventAgentNotReady EventAgentAfterCallWork EventDNDOn EventDNDOff EventForwardSet EventForwardCancel",
		{Client(2), B}: "RegisterAddress EpochSeen ResumeEvents Login Logout UnregisterAddress " +
			"RequestMakeCall RequestAnswerCall RequestReleaseCall RequestHoldCall RequestRetrieveCall RequestAlternateCall RequestInitiateTransfer RequestCompleteTransfer RequestInitiateConference RequestCompleteConference RequestSingleStepTransfer RequestSingleStepConference RequestDeleteFromConference RequestRedirectCall RequestRouteCall RequestAttachUserData RequestUpdateUserData RequestDeletePair RequestDeleteUserData RequestAgentLogin RequestAgentLogout RequestAgentReady RequestAgentNotReady RequestSetDNDOn RequestSetDNDOff RequestCallForwardSet RequestCallForwardCancel RequestQueryAddress RequestQueryCall RequestQueryServer RequestQueryRequest",
		{Switch, MLayer}:    "",
		{A, A}:              "",
		{Client(1), MLayer}: "",
		{NATS, A}:           "",
	} {
		require.Equal(t, strings.Fields(want), append([]string{}, kindsBetween(direction[0], direction[1])...), "%v", direction)
	}
}

func TestWrongMessages(t *testing.T) {
	for _, tc := range []struct {
		want     string
		m        Message
		from, to ID
	}{
		{"kind is missing: A sends S one of SnapshotRequest", Message{}, A, Switch},
		{"kind is missing", Message{Kind: kindEnd}, A, B},
		{"BackupReady is not what A sends M; that is one of Status, RoleTaken", Message{Kind: BackupReady, Num: 1, Seq: 1}, A, MLayer},
		{"Appoint is not what A sends M", Message{Kind: Appoint, Node: A, Inc: 1}, A, MLayer},
		{"CallNamed: call has a ref and a born, both above 0", Message{Kind: CallNamed, Num: 1, ConnID: 1, Call: callmodel.CallID{Ref: 1}}, A, B},
		{"CallNamed: call has a ref and a born, both above 0", Message{Kind: CallNamed, Num: 1, ConnID: 1, Call: callmodel.CallID{Born: 1}}, A, B},
		{"Appoint: node is A or B, not S", Message{Kind: Appoint, Node: Switch, Inc: 1}, MLayer, A},
		{"PeerFailed: node is A or B, not C1", Message{Kind: PeerFailed, Node: Client(1), Inc: 1}, MLayer, A},
		{"EpochSeen: epoch is at most 281474976710656, not 281474976710657", Message{Kind: EpochSeen, Epoch: MaxEpoch + 1}, Client(1), A},
		{"EventError: text is valid UTF-8 of at most 1024 bytes", Message{Kind: EventError, Text: "\xff"}, A, Client(1)},
		{"RegisterAddress: thisDN is valid UTF-8", Message{Kind: RegisterAddress, ThisDN: callmodel.DN(strings.Repeat("1", 1025))}, Client(1), A},
	} {
		require.ErrorContains(t, tc.m.Validate(tc.from, tc.to), tc.want)
	}
	m := Message{Kind: EpochSeen, Epoch: MaxEpoch}
	require.NoError(t, m.Validate(Client(1), A))
}

func TestKindFields(t *testing.T) {
	names := []string{"reason", "role", "num", "no such field"}
	require.Equal(t, []string{"num", "reason"}, FullSyncDone.Fields(names))
	require.Equal(t, []string{"role"}, PeerState.Fields(names))
	require.Empty(t, CallReleased.Fields(names))
	require.Empty(t, Kind(0).Fields(names))
	require.Empty(t, kindEnd.Fields(names))
}
