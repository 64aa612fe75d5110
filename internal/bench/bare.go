package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
)

// The bare path: programs of a few lines that do nothing but what a takeover by way of disconnect notices cannot do without. NATS tells the watcher that
// the victim's connection has ended, the watcher tells the standby, and the standby tells the client.

const (
	bareEvents = "bare.events.%s" // of the victim and of the standby
	bareOrder  = "bare.order"
	notices    = "$SYS.ACCOUNT.*.DISCONNECT"
	// bareGap is the time between two events of the victim: 2,000 per second, in pairs.
	bareGap = time.Millisecond
)

// victim publishes events, until it is killed.
func victim(nc *nats.Conn, in *bufio.Scanner) error {
	if err := ready(nc); err != nil {
		return err
	}
	go func() { _ = untilEnd(in); nc.Close() }()
	for range time.Tick(bareGap) {
		for range 2 {
			if err := nc.Publish(fmt.Sprintf(bareEvents, "victim"), []byte("event")); err != nil {
				return err
			}
		}
	}
	return nil
}

// watcher waits for notices.
func watcher(nc *nats.Conn, in *bufio.Scanner) error {
	if _, err := nc.Subscribe(notices, func(m *nats.Msg) {
		var n struct{ Client struct{ Name string } }
		if json.Unmarshal(m.Data, &n) == nil && n.Client.Name == "victim" {
			_ = nc.Publish(bareOrder, []byte("primary"))
		}
	}); err != nil {
		return err
	}
	if err := ready(nc); err != nil {
		return err
	}
	return untilEnd(in)
}

// standby waits for its order.
func standby(nc *nats.Conn, in *bufio.Scanner) error {
	if _, err := nc.Subscribe(bareOrder, func(*nats.Msg) {
		_ = nc.Publish(fmt.Sprintf(bareEvents, "standby"), []byte("event"))
	}); err != nil {
		return err
	}
	if err := ready(nc); err != nil {
		return err
	}
	return untilEnd(in)
}

// barePath is the bare programs that run beside a pair, on its NATS server.
type barePath struct {
	pair  *pair
	nc    *nats.Conn
	heard chan arrival
	stop  func()
	rng   *rand.Rand
	found Times // outages: from the victim's last event to the standby's first one
}

func startBarePath(p *pair, rng *rand.Rand) (*barePath, error) {
	b := &barePath{pair: p, nc: p.nc, heard: make(chan arrival, 1<<16), rng: rng}
	var err error
	if _, b.stop, err = startParts(p, "watcher", "standby"); err != nil {
		return nil, err
	}
	if _, err = b.nc.Subscribe("bare.events.*", func(m *nats.Msg) { b.heard <- arrival{time.Now(), m.Subject} }); err != nil {
		b.stop()
		return nil, fmt.Errorf("NATS: %w", err)
	}
	return b, nil
}

// kill kills a victim at a random moment, and waits for the standby's event.
func (b *barePath) kill(ctx context.Context) error {
	v, err := startPart("victim", b.pair)
	if err != nil {
		return err
	}
	defer v.kill()
	kill := time.After(100*time.Millisecond + time.Duration(b.rng.IntN(100_000))*time.Microsecond)
	alarm := time.After(patience)
	var last time.Time
	for {
		select {
		case <-kill:
			v.kill()
		case a := <-b.heard:
			if a.subject == fmt.Sprintf(bareEvents, "standby") {
				b.found = append(b.found, a.at.Sub(last))
				return nil
			}
			last = a.at
		case <-alarm:
			return fmt.Errorf("bare path: no event of the standby within %s: does NATS send disconnect notices?", patience)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// arrival is an event that has arrived.
type arrival struct {
	at      time.Time
	subject string
}
