// Command control is an example of a test that is written in any language: it drives a pair that `hotpair up --control` runs, with a NATS library, JSON and
// docs/harness.md, and nothing of hotpair's code.
//
//	control NATS-URL KEY-FILE
//
// The primary dies while a call is up. The call keeps its ConnID, and all becomes whole again.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

// pair is the pair under test.
type pair struct {
	nc      *nats.Conn
	records *nats.Subscription
}

// answer is what is read of an answer.
type answer struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Verdict struct {
		Verdict string `json:"verdict"`
		Metrics struct {
			Outage      time.Duration `json:"outage"`
			Changed     int           `json:"changed"`
			Switchovers int           `json:"switchovers"`
		} `json:"metrics"`
	} `json:"verdict"`
}

// record is what is read of a record of the trace.
type record struct {
	Rec  string `json:"rec"`
	Node string `json:"node"`
	Note struct {
		Kind   string `json:"kind"`
		ConnID string `json:"connId"`
	} `json:"note"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: control NATS-URL KEY-FILE")
		os.Exit(2)
	}
	if err := test(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "control:", err)
		os.Exit(1)
	}
}

func test(url, keyFile string) error {
	p, err := connect(url, keyFile)
	if err != nil {
		return err
	}
	defer p.nc.Close()
	if _, err := p.ask(map[string]any{"lines": []string{"call c1 from=1001 to=1002", "await call c1 same within=5s", "answer c1"}}); err != nil {
		return err
	}
	connID, err := p.named("A")
	if err != nil {
		return err
	}
	fmt.Println("A calls the call", connID)
	if _, err := p.ask(map[string]any{"lines": []string{"kill A", "await B role=primary within=10s", "expect call c1 same", "release c1"}}); err != nil {
		return err
	}
	fmt.Println("A is dead, and B is primary")
	a, err := p.ask(map[string]any{"finish": true})
	if err != nil {
		return err
	}
	m := a.Verdict.Metrics
	fmt.Printf("%s: %d switchover, %d ConnIDs changed under clients' eyes, out of service for %s\n", a.Verdict.Verdict, m.Switchovers, m.Changed, m.Outage.Round(time.Millisecond))
	return nil
}

// connect connects as the tester, who may listen on inboxes of its own only, and hears the records.
func connect(url, keyFile string) (*pair, error) {
	key, err := nats.NkeyOptionFromSeed(keyFile)
	if err != nil {
		return nil, err
	}
	nc, err := nats.Connect(url, key, nats.CustomInboxPrefix("_INBOX.pair.tester"))
	if err != nil {
		return nil, err
	}
	records, err := nc.SubscribeSync("hotpair.pair.test.records")
	if err == nil {
		err = nc.Flush()
	}
	return &pair{nc, records}, err
}

// ask makes a request, which takes as long as its lines do.
func (p *pair) ask(request any) (*answer, error) {
	b, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	m, err := p.nc.Request("hotpair.pair.test", b, 2*time.Minute)
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return nil, err
	}
	if !a.OK {
		return nil, errors.New(a.Error)
	}
	return &a, nil
}

// named waits for the record in which a T-Server names a call.
func (p *pair) named(tserver string) (connID string, err error) {
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		m, err := p.records.NextMsg(10 * time.Second)
		if err != nil {
			return "", err
		}
		var r record
		if err := json.Unmarshal(m.Data, &r); err != nil {
			return "", err
		}
		if r.Rec == "noted" && r.Node == tserver && r.Note.Kind == "named" {
			return r.Note.ConnID, nil
		}
	}
	return "", errors.New("the call was not named")
}
