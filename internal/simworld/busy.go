package simworld

// How a busy machine is: a process that could run does not, for a while, and then finds at once what has come up meanwhile. Scenarios that depend on who is
// faster are found by that, before a real machine finds them.

// stallEvery is how many times as long as a stall the times between two of them are, on average.
const stallEvery = 4

// stall keeps the host from running for a while, if the machine is busy at all.
func (h *host) stall() {
	w := h.world
	if w.opt.Busy == 0 {
		return
	}
	h.busy = true
	w.queue.Push(w.now+w.upTo(w.opt.Busy), event{kind: evWake, host: h.id, gen: h.gen})
}

// wake ends a stall.
func (h *host) wake() {
	w := h.world
	h.busy = false
	h.goOn()
	w.queue.Push(w.now+w.upTo(2*stallEvery*w.opt.Busy), event{kind: evStall, host: h.id, gen: h.gen})
}
