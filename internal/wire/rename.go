package wire

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
)

// Classes are the classes of the numbers of a T-Server.
type Classes struct {
	Start, Ready, LastReady, Named, Known canon.Class
}

// ClassesOf returns the classes of the numbers of T-Server id, A or B.
func ClassesOf(id ID) Classes {
	if id == A {
		return Classes{canon.StartA, canon.ReadyA, canon.LastReadyA, canon.NamedA, canon.KnownA}
	}
	return Classes{canon.StartB, canon.ReadyB, canon.LastReadyB, canon.NamedB, canon.KnownB}
}

// Rename renames the numbers of a message that from has sent to to.
func (m *Message) Rename(from, to ID, f canon.Renaming) {
	epoch, event := canon.Epoch, canon.Event
	switch m.Kind {
	case Appoint:
		epoch = canon.Naming
	case BackupReady:
		event = canon.Watermark
	case SnapshotBegin, SnapshotEnd:
		event = canon.Reached // soon
		m.Sub = uint32(f(canon.Place, uint64(m.Sub)))
	case FullSyncDone:
		event = canon.Watermark // what the backup has to reach (X10)
	}
	if from.IsClient() || to.IsClient() {
		event = canon.Told
		m.Sub = uint32(f(canon.Place, uint64(m.Sub)))
	}
	if to == Switch {
		epoch = canon.Told // it compares the epochs of requests only (X13)
	}
	m.Epoch, m.Seq = f(epoch, m.Epoch), f(event, m.Seq)
	born := canon.Born
	if m.Kind == CallCreated {
		born = canon.Creation
	}
	m.Call.Born = f(born.Of(m.Call.Ref), m.Call.Born)
	m.OtherCall.Born = f(canon.Born.Of(m.OtherCall.Ref), m.OtherCall.Born)
	for _, id := range []*callmodel.ConnID{&m.ConnID, &m.PreviousConnID, &m.TransferConnID} {
		*id = callmodel.ConnID(f(canon.ConnID, uint64(*id)))
	}
	switch m.Kind {
	case BackupReady, FullSyncAck:
		m.Num = f(ClassesOf(from).Ready, m.Num)
	case FullSyncDone, SyncProgress:
		m.Num = f(ClassesOf(to).Ready, m.Num)
	case CallNamed, PrimaryEvent, RegistrationTold:
		m.Num = f(ClassesOf(from).Named, m.Num)
	case CallNamedAck:
		m.Num = f(ClassesOf(to).Named, m.Num)
	case Appoint, PeerFailed:
		m.Inc = f(ClassesOf(m.Node).Start, m.Inc)
	}
}
