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

	// Node and Inc name an incarnation of a node: the primary in Appoint, the failed one in PeerFailed. In RegistrationTold Inc is Client's.
	Node ID     `json:"node,omitempty"`
	Inc  uint64 `json:"inc,omitempty"`
	Text string `json:"text,omitempty"`

	// Version is the sender's version of the protocol, in PeerState; 0 is 1.
	Version uint32 `json:"version,omitempty"`
	// Calls is a number of calls (since version 3).
	Calls uint64 `json:"calls,omitempty"`

	// Sessions is how many clients have a session at the sender (client failover).
	Sessions uint64 `json:"sessions,omitempty"`
	// Deactivated says that System Administration has deactivated the sender (P10).
	Deactivated bool `json:"deactivated,omitempty"`
	// Proof shows that a client knows its user's password, in Login: 64 hexadecimal digits.
	Proof string `json:"proof,omitempty"`
	// What telephony adds beside two parties that call each other.

	// RefID is the reference ID that a client gives its request, from 1, each higher than the ones before; the event that the request causes, EventACK or
	// EventError carry it back, to that client only.
	RefID uint64 `json:"refId,omitempty"`
	// Client is who made the request that the message is about.
	Client ID `json:"client,omitempty"`
	// Of is the kind that the message is about: the request that is passed on or answered, the event that is told.
	Of Kind `json:"of,omitempty"`
	// ThirdDN is the DN that had the call before, or gets it, or left it.
	ThirdDN callmodel.DN `json:"thirdDN,omitempty"`
	// Queue is the queue or routing point through which the call came.
	Queue callmodel.DN `json:"queue,omitempty"`
	// OtherCall is the second call where there are two: the one that was consulted about, or the one that ends when two are joined.
	OtherCall callmodel.CallID `json:"otherCall,omitzero"`
	// PreviousConnID is the ConnID that the party's call had before; TransferConnID is of the other call of a consultation.
	PreviousConnID callmodel.ConnID `json:"previousConnId,omitempty"`
	TransferConnID callmodel.ConnID `json:"transferConnId,omitempty"`

	PartyState callmodel.PartyState `json:"partyState,omitempty"`
	ThisRole   callmodel.PartyRole  `json:"thisRole,omitempty"`
	OtherRole  callmodel.PartyRole  `json:"otherRole,omitempty"`
	Cause      callmodel.Cause      `json:"cause,omitempty"`
	Code       callmodel.ErrorCode  `json:"code,omitempty"`
	WorkMode   callmodel.WorkMode   `json:"workMode,omitempty"`
	Mode       callmodel.RegMode    `json:"mode,omitempty"`
	// Data is attached data.
	Data callmodel.AttachedData `json:"data,omitempty"`
	// Time is the switch's time of an event, in milliseconds of the run's clock, from 1; the world stamps it, since a node has no clock.
	Time uint64 `json:"time,omitempty"`
	// Seats is how many clients may have a session at once (P2).
	Seats uint64 `json:"seats,omitempty"`
	// Feature is a licensed feature that a client needs, in Login.
	Feature string `json:"feature,omitempty"`
	// Object is an object of the shared configuration (P3): KIND/NAME.
	Object string `json:"object,omitempty"`
	// ConfigEpoch and Num are the version of the configuration (P3).
	ConfigEpoch uint64 `json:"configEpoch,omitempty"`
}
