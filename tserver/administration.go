package tserver

import (
	"hotpair/internal/node"
	"hotpair/internal/operator"
)

// tellClients answers System Administration's question who has a session here.
func (f *failover) tellClients(cmd *node.Command, out *node.Output) {
	list := operator.Clients{Activity: f.arb.State().String(), Clients: []string{}}
	for _, id := range f.ports {
		if f.hasSession(id) {
			list.Clients = append(list.Clients, id.String())
		}
	}
	answer(cmd, list, out)
}

// answer tells System Administration what is licensed.
func (l *licence) answer(cmd *node.Command, out *node.Output) {
	a := operator.Licences{
		Licensed: l.options().Licensed(), Seats: l.Seats, InUse: uint64(l.f.arb.Sessions()), Features: l.Features,
		GraceUsed: float64(l.Used) / graceTicks, Refuses: l.refuse("", l.f.arb.Sessions()),
	}
	answer(cmd, a, out)
}
