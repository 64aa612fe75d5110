package validate

import (
	"fmt"
	"strconv"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/simworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// pair is one run: the nodes in virtual time, and what their records tell.
type pair struct {
	*simworld.World
	refused string

	// At the switch.
	offered, blocked uint64
	up               map[callmodel.CallID]time.Duration // calls in progress, and since when
	callSeconds      float64
	changedAt        time.Duration
	ended            uint64
	lives            float64 // seconds, of the calls that have ended

	// Of the pair.
	backupReady time.Duration // when it was sent; 0 before
	synchron    time.Duration // when the pair was ready; 0 before
	tagged      []remaining
	seen        map[callmodel.CallID]callmodel.ConnID // by the client
	renamed     int
}

// remaining says that so many tagged calls remain from a time on.
type remaining struct {
	at    time.Duration
	calls int
}

// patience is how long, in virtual time, the pair may take to do what takes it milliseconds.
const patience = time.Minute

// newPair makes a pair with so many trunks, of which none runs yet. Polling is slow, and keep-alive off, since nothing here depends on it.
func newPair(trunks int, method tserver.SyncMethod, seed uint64) *pair {
	c := config.Default()
	c.Link.AddpTimeout = time.Hour
	c.Switch.SyncTime = 0
	c.Switch.Trunks, c.Switch.Extensions = trunks, trunks+2 // so that there is always an idle extension
	c.A.HASyncMethod, c.B.HASyncMethod = method, method
	c.A.KplInterval, c.B.KplInterval = 0, 0
	if err := c.Validate(); err != nil {
		panic(err) // what flags give is checked before
	}
	p := &pair{up: map[callmodel.CallID]time.Duration{}, seen: map[callmodel.CallID]callmodel.ConnID{}}
	p.World = simworld.New(simworld.Options{Config: c, Seed: seed, Sink: trace.SinkFunc(p.record)})
	return p
}

// record takes what the nodes note.
func (p *pair) record(r *trace.Record) {
	switch {
	case r.Kind == trace.Sent && r.Msg.Kind == wire.BackupReady && p.backupReady == 0:
		p.backupReady = r.At
	case r.Kind == trace.Noted:
		p.note(r)
	}
}

func (p *pair) note(r *trace.Record) {
	n := r.Note
	switch n.Kind {
	case node.NoteRefused:
		p.refused = n.Text
	case node.NoteCall:
		p.call(n, r.At)
	case node.NoteTagged:
		p.tagged = append(p.tagged, remaining{r.At, int(n.N)})
	case node.NotePairReady:
		if n.N == 1 && p.synchron == 0 {
			p.synchron = r.At
		}
	case node.NoteActed:
		if was, known := p.seen[n.Call]; known && was != n.ConnID {
			p.renamed++
		}
		p.seen[n.Call] = n.ConnID
	}
}

func (p *pair) call(n *node.Note, now time.Duration) {
	switch n.Text {
	case "blocked":
		p.offered++
		p.blocked++
	case "created":
		p.account(now)
		p.offered++
		p.up[n.Call] = now
	case "released":
		p.account(now)
		p.ended++
		p.lives += (now - p.up[n.Call]).Seconds()
		delete(p.up, n.Call)
	}
}

// account adds up the time of the calls that were up since the last change.
func (p *pair) account(now time.Duration) {
	p.callSeconds += float64(len(p.up)) * (now - p.changedAt).Seconds()
	p.changedAt = now
}

// boot starts nodes, and waits until done reports true.
func (p *pair) boot(what string, done func() bool, ids ...wire.ID) error {
	if err := p.Boot(ids...); err != nil {
		return err
	}
	return p.await(what, patience, done)
}

func (p *pair) await(what string, within time.Duration, done func() bool) error {
	ok, err := p.Run(p.Now()+within, done)
	if err == nil && !ok {
		err = fmt.Errorf("%s: not within %s", what, within)
	}
	return err
}

// primaryServes boots the switch, A, M and a client, and waits until A is in service.
func (p *pair) primaryServes() error {
	p.seen = map[callmodel.CallID]callmodel.ConnID{}
	if err := p.Boot(wire.Switch, wire.A, wire.MLayer, wire.Client(1)); err != nil {
		return err
	}
	_, err := p.Run(p.Now()+5*time.Second, nil)
	return err
}

// load offers so many erlangs of inbound calls that are answered at once.
func (p *pair) load(erlangs float64, h *Holding, seed uint64) error {
	args := map[string]string{
		"erlangs": strconv.FormatFloat(erlangs, 'g', -1, 64), "hold": h.Text, "ring": "0s", "inbound": "1", "seed": strconv.FormatUint(seed, 10),
	}
	if err := p.Do(wire.Switch, &node.Command{ID: 1, Verb: "load", Args: args}); err != nil {
		return err
	}
	if p.refused != "" {
		return fmt.Errorf("load: %s", p.refused)
	}
	return nil
}

// backupIsReady boots the backup, and waits until the primary has its Backup Ready; it reports how many calls were tagged then.
func (p *pair) backupIsReady() (int, error) {
	if err := p.boot("Backup Ready", func() bool { return p.backupReady > 0 }, wire.B); err != nil {
		return 0, err
	}
	if err := p.pass(100 * time.Millisecond); err != nil || len(p.tagged) == 0 {
		return 0, err
	}
	return p.tagged[0].calls, nil
}

func (p *pair) pass(d time.Duration) error {
	_, err := p.Run(p.Now()+d, nil)
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
