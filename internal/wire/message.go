package wire

import "hotpair/callmodel"

// Message is what nodes send each other: flat, so that copying it allocates nothing. Fields that a kind does not use
// are zero and stay out of the JSON.
type Message struct {
	Kind Kind `json:"kind"`
	// Epoch is the sender's (X6); of Appoint and RoleTaken the epoch of the appointment.
	Epoch uint64 `json:"epoch,omitempty"`
	// Num numbers what is acknowledged or answered: Backup Ready, Full Sync Done, CallNamed.
	Num uint64 `json:"num,omitempty"`
	// Seq is a switch's event number. In Backup Ready it is the watermark W (X1).
	Seq uint64 `json:"seq,omitempty"`
	// Sub is the place of a client's event among those at Seq, from 0 (X8).
	Sub uint32 `json:"sub,omitempty"`

	Call      callmodel.CallID     `json:"call,omitzero"`
	ConnID    callmodel.ConnID     `json:"connId,omitempty"`
	ThisDN    callmodel.DN         `json:"thisDN,omitempty"`
	OtherDN   callmodel.DN         `json:"otherDN,omitempty"`
	CallType  callmodel.CallType   `json:"callType,omitempty"`
	CallState callmodel.CallState  `json:"callState,omitempty"`
	DNType    callmodel.DNType     `json:"dnType,omitempty"`
	Agent     callmodel.AgentState `json:"agent,omitempty"`

	Role      Role               `json:"role,omitempty"`
	CTI       callmodel.CTIState `json:"cti,omitempty"`
	Announced bool               `json:"announced,omitempty"`
	// Ready is the sender's readiness (X10).
	Ready bool `json:"ready,omitempty"`
	// Complete says that nothing is missing of what an EventResumed promises (X8).
	Complete bool `json:"complete,omitempty"`
	// Normal says that an operator's normal command caused the appointment (R14).
	Normal  bool    `json:"normal,omitempty"`
	Reason  Reason  `json:"reason,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`

	// Node and Inc name an incarnation of a node: the primary in Appoint, the failed one in PeerFailed.
	Node ID     `json:"node,omitempty"`
	Inc  uint64 `json:"inc,omitempty"`
	Text string `json:"text,omitempty"`

	// Version is the sender's version of the protocol, in PeerState; 0 is 1.
	Version uint32 `json:"version,omitempty"`
	// Calls is a number of calls (since version 2).
	Calls uint64 `json:"calls,omitempty"`

	// Sessions is how many clients have a session at the sender (client failover).
	Sessions uint64 `json:"sessions,omitempty"`
	// Deactivated says that System Administration has deactivated the sender (P10).
	Deactivated bool `json:"deactivated,omitempty"`
	// Proof shows that a client knows its user's password, in Login: 64 hexadecimal digits.
	Proof string `json:"proof,omitempty"`
}
