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
	return canon.String(b, m.Proof)
}

// RestoreMessage reads what AppendCanonical wrote.
func RestoreMessage(r *canon.Reader) Message {
	return Message{
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
	}
}
