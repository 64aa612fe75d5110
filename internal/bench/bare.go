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

// barePath measures the outage of the bare programs: from the victim's last event to the standby's first one.
func barePath(ctx context.Context, url string, kills int, rng *rand.Rand) (outages Times, err error) {
	nc, err := nats.Connect(url)
	if err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	defer nc.Close()
	_, stop, err := startParts(url, "watcher", "standby")
	if err != nil {
		return nil, err
	}
	defer stop()
	heard := make(chan arrival, 1<<16)
	if _, err := nc.Subscribe("bare.events.*", func(m *nats.Msg) { heard <- arrival{time.Now(), m.Subject} }); err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	for range kills {
		d, err := bareKill(ctx, url, heard, rng)
		if err != nil {
			return outages, err
		}
		outages = append(outages, d)
	}
	return outages, nil
}

// arrival is an event that has arrived.
type arrival struct {
	at      time.Time
	subject string
}

// bareKill kills a victim at a random moment.
func bareKill(ctx context.Context, url string, heard <-chan arrival, rng *rand.Rand) (time.Duration, error) {
	v, err := startPart("victim", url)
	if err != nil {
		return 0, err
	}
	kill := time.After(100*time.Millisecond + time.Duration(rng.IntN(100_000))*time.Microsecond)
	alarm := time.After(patience)
	var last time.Time
	for {
		select {
		case <-kill:
			v.kill()
		case a := <-heard:
			if a.subject == fmt.Sprintf(bareEvents, "standby") {
				return a.at.Sub(last), nil
			}
			last = a.at
		case <-alarm:
			v.kill()
			return 0, fmt.Errorf("no event of the standby within %s: does NATS send disconnect notices?", patience)
		case <-ctx.Done():
			v.kill()
			return 0, ctx.Err()
		}
	}
}
