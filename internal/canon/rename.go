package canon

// Class says what a number names.
type Class uint16

// Of is the class of such numbers of one call reference: those of another one are not compared with them. Born, Early and Creation are asked for so.
func (c Class) Of(ref uint32) Class { return c | Class(ref)<<8 }

// Ref returns the class, and the call reference that it is of, 0 if of none.
func (c Class) Ref() (Class, int) { return c & 0xff, int(c >> 8) }

// The classes of numbers that nodes only compare, and never compute with but to take the next one. States that differ by a renaming which
// keeps what is compared behave alike, so a search may take one of them for all (see [Renaming]).
const (
	// Epoch: compared by order; the next one is above every epoch there is (X6).
	Epoch Class = iota
	// Event: the switch's event numbers; compared by order, and by whether one is the next after the other.
	Event
	// Born: the event number at which a call was created; compared with other numbers of events by whether it is up to them, and with births by order.
	Born
	// Creation: the same in the event that tells of it, whose number it is; it is an Event as well.
	Creation
	// Watermark: event numbers up to which a backup had read the switch (X1); compared by order with those of T-Servers and of calls' births.
	Watermark
	// Reached: the event number up to which a T-Server has processed the switch's events; it is an Event as well.
	Reached
	// Told: what matters to clients and their requests only: event numbers at which clients stand (X8), epochs of requests (X13). Where there are none, it
	// does not matter.
	Told
	// Place: places among the events at one event number (X8). Where there are no clients, they do not matter.
	Place
	// StartA and StartB: incarnations of the T-Servers; compared for equality.
	StartA
	StartB
	// ConnID: compared for equality; zero is none.
	ConnID
	// Invented: the ConnID that a T-Server invented last, or the one before its first: the next one is above it.
	Invented
	// ReadyA and ReadyB: numbers of the Backup Ready that A, or B, sends; compared for equality.
	ReadyA
	ReadyB
	// LastReadyA and LastReadyB: the number that A, or B, has used last, and does not wait for an answer to: the next one is above it.
	LastReadyA
	LastReadyB
	// NamedA and NamedB: numbers of the CallNamed that A, or B, sends in one HA session; compared by order; zero is none.
	NamedA
	NamedB
	// Naming: the epoch of M's record, or of an appointment, in which a primary is named; it is an Epoch as well. Nobody is named in an earlier one any more.
	Naming
	// Early: Born of a call whose ConnID is known before the switch has told of the call. It is looked for only when the switch tells of a call, so that
	// 0 stands for one of which nothing is to come.
	Early
	// KnownA and KnownB: the incarnation of A, or B, that knows ConnIDs, while there is no link to it; 0 stands for one that is gone.
	KnownA
	KnownB
	// Offer: 1 if M was told that a T-Server is ready, otherwise 0. Only the operator's command asks for it.
	Offer
)

// Renaming gives a number another name of its class.
//
// A node's method Rename lets each number that its state holds be renamed, and forgets what cannot matter any more. It is the search that knows which
// renamings keep what is compared.
type Renaming func(c Class, v uint64) uint64
