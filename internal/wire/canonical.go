package wire

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
)

// AppendCanonical appends the message for the canonical state of a node or a queue that holds it.
func (m *Message) AppendCanonical(b []byte) []byte {
	b = canon.Uint(b, m.Kind)
	b = canon.Uint(b, m.Epoch)
	b = canon.Uint(b, m.Num)
	b = canon.Uint(b, m.Seq)
	b = canon.Uint(b, m.Sub)
	b = canon.Uint(b, m.Call.Ref)
	b = canon.Uint(b, m.Call.Born)
	b = canon.Uint(b, uint64(m.ConnID))
	b = canon.String(b, m.ThisDN)
	b = canon.String(b, m.OtherDN)
	b = canon.Uint(b, m.CallType)
	b = canon.Uint(b, m.CallState)
	b = canon.Uint(b, m.DNType)
	b = canon.Uint(b, m.Agent)
	b = canon.Uint(b, m.Role)
	b = canon.Uint(b, m.CTI)
	b = canon.Bool(b, m.Announced)
	b = canon.Bool(b, m.Ready)
	b = canon.Bool(b, m.Complete)
	b = canon.Bool(b, m.Normal)
	b = canon.Uint(b, m.Reason)
	b = canon.Uint(b, m.Outcome)
	b = canon.Uint(b, m.Node)
	b = canon.Uint(b, m.Inc)
	b = canon.String(b, m.Text)
	b = canon.Uint(b, m.Version)
	b = canon.Uint(b, m.Calls)
	b = canon.Uint(b, m.Sessions)
	b = canon.Bool(b, m.Deactivated)
	b = canon.String(b, m.Proof)
	b = canon.Uint(b, m.Seats)
	b = canon.String(b, m.Feature)
	b = canon.String(b, m.Object)
	b = canon.Uint(b, m.ConfigEpoch)
	return m.appendTelephony(b)
}

// appendTelephony: most messages have none of it, and need one byte.
func (m *Message) appendTelephony(b []byte) []byte {
	rich := m.hasTelephony()
	b = canon.Bool(b, rich)
	if !rich {
		return b
	}
	b = canon.Uint(b, m.RefID)
	b = canon.Uint(b, m.Client)
	b = canon.Uint(b, m.Of)
	b = canon.String(b, m.ThirdDN)
	b = canon.String(b, m.Queue)
	b = canon.Uint(b, m.OtherCall.Ref)
	b = canon.Uint(b, m.OtherCall.Born)
	b = canon.Uint(b, uint64(m.PreviousConnID))
	b = canon.Uint(b, uint64(m.TransferConnID))
	b = canon.Uint(b, m.PartyState)
	b = canon.Uint(b, m.ThisRole)
	b = canon.Uint(b, m.OtherRole)
	b = canon.Uint(b, m.Cause)
	b = canon.Uint(b, m.Code)
	b = canon.Uint(b, m.WorkMode)
	b = canon.Uint(b, m.Mode)
	b = canon.String(b, m.Data)
	return canon.Uint(b, m.Time)
}

func (m *Message) hasTelephony() bool {
	return m.RefID != 0 || m.Client != 0 || m.Of != 0 || m.ThirdDN != "" || m.Queue != "" || m.OtherCall != (callmodel.CallID{}) || m.PreviousConnID != 0 ||
		m.TransferConnID != 0 || m.PartyState|callmodel.PartyState(m.ThisRole)|callmodel.PartyState(m.OtherRole) != 0 || m.Cause != 0 || m.Code != 0 ||
		m.WorkMode != 0 || m.Mode != 0 || m.Data != "" || m.Time != 0
}

// RestoreMessage reads what AppendCanonical wrote.
func RestoreMessage(r *canon.Reader) Message {
	m := Message{
		Kind:  canon.Read[Kind](r),
		Epoch: canon.Read[uint64](r),
		Num:   canon.Read[uint64](r),
		Seq:   canon.Read[uint64](r),
		Sub:   canon.Read[uint32](r),
		Call:  callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)},

		ConnID:    callmodel.ConnID(canon.Read[uint64](r)),
		ThisDN:    callmodel.DN(r.String()),
		OtherDN:   callmodel.DN(r.String()),
		CallType:  canon.Read[callmodel.CallType](r),
		CallState: canon.Read[callmodel.CallState](r),
		DNType:    canon.Read[callmodel.DNType](r),
		Agent:     canon.Read[callmodel.AgentState](r),

		Role:      canon.Read[Role](r),
		CTI:       canon.Read[callmodel.CTIState](r),
		Announced: r.Bool(),
		Ready:     r.Bool(),
		Complete:  r.Bool(),
		Normal:    r.Bool(),
		Reason:    canon.Read[Reason](r),
		Outcome:   canon.Read[Outcome](r),
		Node:      canon.Read[ID](r),
		Inc:       canon.Read[uint64](r),
		Text:      r.String(),
		Version:   canon.Read[uint32](r),
		Calls:     canon.Read[uint64](r),

		Sessions:    canon.Read[uint64](r),
		Deactivated: r.Bool(),
		Proof:       r.String(),
		Seats:       canon.Read[uint64](r),
		Feature:     r.String(),
		Object:      r.String(),
		ConfigEpoch: canon.Read[uint64](r),
	}
	if !r.Bool() {
		return m
	}
	m.RefID, m.Client, m.Of = canon.Read[uint64](r), canon.Read[ID](r), canon.Read[Kind](r)
	m.ThirdDN, m.Queue = callmodel.DN(r.String()), callmodel.DN(r.String())
	m.OtherCall = callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}
	m.PreviousConnID, m.TransferConnID = callmodel.ConnID(canon.Read[uint64](r)), callmodel.ConnID(canon.Read[uint64](r))
	m.PartyState = canon.Read[callmodel.PartyState](r)
	m.ThisRole, m.OtherRole = canon.Read[callmodel.PartyRole](r), canon.Read[callmodel.PartyRole](r)
	m.Cause, m.Code = canon.Read[callmodel.Cause](r), canon.Read[callmodel.ErrorCode](r)
	m.WorkMode, m.Mode = canon.Read[callmodel.WorkMode](r), canon.Read[callmodel.RegMode](r)
	m.Data, m.Time = callmodel.AttachedData(r.String()), canon.Read[uint64](r)
	return m
}
