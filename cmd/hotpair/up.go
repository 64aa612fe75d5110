package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hotpair/hasync/peerarb"
	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/forecast"
	"hotpair/internal/metrics"
	"hotpair/internal/node"
	"hotpair/internal/procworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// upFlags are the flags of hotpair up.
type upFlags struct {
	port    int
	speed   float64
	erlangs float64
	hold    string
	keys    string
	config  string
	active  bool // a server is active (client failover)
	clients int
	control bool
	http    string
	metrics *metrics.Trackers // nil unless they are wanted
	out     io.Writer
	answer  *node.Note // the switch's to the traffic's command

	forecast [2]forecast.Redundancy // by T-Server
	told     time.Duration          // when a forecast was printed
}

// loadID is the number of the command that starts the traffic.
const loadID = 1

func upCommand() *cobra.Command {
	f := &upFlags{}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a pair with traffic on a local NATS server, as processes, until Ctrl-C",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.out = cmd.OutOrStdout()
			if f.control && f.http != "" {
				return errors.New("--http: not with --control, where programs hear of the run's records themselves")
			}
			if f.control {
				return f.controlled(cmd)
			}
			return f.up(cmd.Context())
		},
	}
	cmd.Flags().IntVar(&f.port, "port", 4222, "port of NATS on loopback; 0 takes any that is free")
	cmd.Flags().Float64Var(&f.speed, "speed", 1, "how many times as fast as the wall clock the pair runs")
	cmd.Flags().Float64Var(&f.erlangs, "erlangs", 5, "traffic, in calls in progress on average")
	cmd.Flags().StringVar(&f.hold, "hold", "exp:30s", "holding times: exp:MEAN, const:TIME or lognormal:MEAN,DEVIATION")
	cmd.Flags().StringVar(&f.http, "http", "", "host:port for metrics and health of all nodes (docs/metrics.md); default: none")
	cmd.Flags().StringVar(&f.keys, "keys", "", "folder to keep the keys of NATS's users in (default: one that is removed at the end)")
	cmd.Flags().StringVar(&f.config, "config", "", "file with the pair's configuration, as a scenario's config.yaml")
	cmd.Flags().IntVar(&f.clients, "clients", 0, "how many clients there may be (default: what the configuration says, which is 1 if it says nothing)")
	cmd.Flags().BoolVar(&f.control, "control", false, "let programs drive the pair over NATS: faults, telephony and judgements (docs/harness.md); no client is started, and traffic only with --erlangs")
	return cmd
}

// checkPort refuses at once what no server could listen on.
func checkPort(port int) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("--port: 0 to 65535 is wanted, not %d; 0 takes any that is free", port)
	}
	return nil
}

func (f *upFlags) up(ctx context.Context) error {
	if err := checkPort(f.port); err != nil {
		return err
	}
	text, err := f.configuration()
	if err != nil {
		return err
	}
	c, err := config.Parse(text)
	if err != nil {
		return err
	}
	c.M.Autorestart = true
	removeKeys, err := f.keysFolder()
	if err != nil {
		return err
	}
	defer removeKeys()
	w, err := procworld.New(procworld.Options{
		Config: c, Speed: f.speed, Port: f.port, KeysDir: f.keys, Sink: trace.SinkFunc(f.tell), Tolerant: true,
	})
	if err != nil {
		return err
	}
	stopHTTP, err := f.listen(w)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	defer stopHTTP()
	err = f.start(ctx, w, &c)
	if err == nil {
		f.explain(w, &c)
		err = runUntil(ctx, w, func() bool { return false })
	}
	err = errors.Join(err, w.Close())
	fmt.Fprintln(f.out, "all processes have ended")
	return err
}

// listen serves metrics and health, if they are wanted.
func (f *upFlags) listen(w *procworld.World) (stop func(), err error) {
	if f.http == "" {
		return func() {}, nil
	}
	f.metrics = metrics.NewTrackers(w.Pair(), w.Now, wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1))
	s, err := metrics.Listen(f.http, f.metrics)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(f.out, "metrics and health: http://%s/metrics, /healthz, /readyz\n", s.Addr())
	return s.Close, nil
}

// configuration reads the configuration file, and puts the number of clients behind it.
func (f *upFlags) configuration() ([]byte, error) {
	var text []byte
	if f.config != "" {
		var err error
		if text, err = os.ReadFile(f.config); err != nil {
			return nil, fmt.Errorf("--config: %w", err)
		}
	}
	if f.clients > 0 {
		if c, err := config.Parse(text); err == nil && c.Clients != config.Default().Clients {
			return nil, errors.New("--clients: the configuration says how many there are")
		}
		text = fmt.Appendf(text, "\nclients: %d\n", f.clients)
	}
	return text, nil
}

// keysFolder makes a folder for keys, where none was named.
func (f *upFlags) keysFolder() (remove func(), err error) {
	if f.keys != "" {
		return func() {}, nil
	}
	f.keys, err = os.MkdirTemp("", "hotpair-keys-")
	return func() { _ = os.RemoveAll(f.keys) }, err
}

func (f *upFlags) start(ctx context.Context, w *procworld.World, c *config.Config) error {
	if err := f.boot(ctx, w, c); err != nil {
		return err
	}
	args := map[string]string{"erlangs": strconv.FormatFloat(f.erlangs, 'g', -1, 64), "hold": f.hold}
	if err := w.Do(wire.Switch, &node.Command{ID: loadID, Verb: "load", Args: args}); err != nil {
		return err
	}
	if err := runUntil(ctx, w, func() bool { return f.answer != nil }); err != nil {
		return err
	}
	if f.answer != nil && f.answer.Kind == node.NoteRefused {
		return fmt.Errorf("traffic: %s", f.answer.Text)
	}
	return nil
}

// boot starts the nodes. A pair that decides by itself starts with its primary, and has no Management Layer.
func (f *upFlags) boot(ctx context.Context, w *procworld.World, c *config.Config) error {
	if c.HasM() {
		return w.Boot(wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1))
	}
	if err := w.Boot(wire.Switch, wire.A); err != nil {
		return err
	}
	if err := runUntil(ctx, w, func() bool { return f.active }); err != nil {
		return err
	}
	nodes := []wire.ID{wire.B}
	for i := range c.Clients {
		nodes = append(nodes, wire.Client(i+1))
	}
	return w.Boot(nodes...)
}

// runUntil lets the pair run until it is done, or ctx ends.
func runUntil(ctx context.Context, w *procworld.World, done func() bool) error {
	for ctx.Err() == nil && !done() {
		if _, err := w.Run(w.Now()+100*time.Millisecond, func() bool { return ctx.Err() != nil || done() }); err != nil {
			return err
		}
	}
	return nil
}

// tell prints what an operator would want to hear.
func (f *upFlags) tell(r *trace.Record) {
	if f.metrics != nil {
		f.metrics.Record(r)
	}
	if r.Kind == trace.Noted && r.Node == wire.Switch && r.Note.N == loadID && (r.Note.Kind == node.NoteDone || r.Note.Kind == node.NoteRefused) {
		answer := *r.Note // a record is the sink's during the call only
		f.answer = &answer
	}
	text := ""
	switch {
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteActivity:
		f.active = f.active || r.Note.Text == peerarb.Active.String()
		text = fmt.Sprintf("is %s (%s)", r.Note.Text, r.Note.Why)
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteSession:
		if text = "has no session at " + r.Note.Peer.String() + ": " + r.Note.Text; r.Note.N == 1 {
			text = "is logged in at " + r.Note.Peer.String()
		}
	case r.Kind == trace.Started:
		text = fmt.Sprintf("starts, incarnation %d", r.Inc)
	case r.Kind == trace.Ended:
		text = "has ended: " + r.Text
	case r.Kind != trace.Noted:
	case r.Note.Kind == node.NoteRole && r.Note.N > 0:
		text = fmt.Sprintf("is %s of epoch %d", r.Note.Text, r.Note.N)
	case r.Note.Kind == node.NoteAnnounced:
		text = "announces EventLinkConnected (" + r.Note.Text + ")"
	case r.Note.Kind == node.NoteWithdrawn:
		text = "withdraws: EventLinkDisconnected"
	case r.Note.Kind == node.NoteSync && r.Note.Text != "idle":
		text = "T-Server synchronization: " + r.Note.Text
	case r.Note.Kind == node.NotePairReady:
		text = fmt.Sprintf("readiness of the pair is %d: %s", r.Note.N, r.Note.Text)
	case r.Note.Kind == node.NoteRefused:
		text = "refuses: " + r.Note.Text
	}
	if r.Node.IsTServer() {
		text += f.expect(r, &f.forecast[r.Node-wire.A])
	}
	if text != "" {
		fmt.Fprintf(f.out, "%10s  %-2s  %s\n", r.At.Round(time.Millisecond), r.Node, text)
	}
}

// forecastEvery is how often, at most, a forecast is printed while tagged calls end.
const forecastEvery = 10 * time.Second

// expect follows the tagged calls of a T-Server, and returns the forecast (X10) where it is time for one.
func (f *upFlags) expect(r *trace.Record, c *forecast.Redundancy) string {
	switch {
	case r.Kind == trace.Started || r.Kind == trace.Ended:
		*c = forecast.Redundancy{}
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteTagged:
		begins := r.Note.N > c.Left()
		c.Tagged(r.At, r.Note.N)
		if c.Left() > 0 && (begins || r.At >= f.told+forecastEvery) {
			f.told = r.At
			return c.String()
		}
	}
	return ""
}

func (f *upFlags) explain(w *procworld.World, c *config.Config) {
	if !c.HasM() {
		f.explainFailover(w)
		return
	}
	fmt.Fprintf(f.out, `
The pair runs on %s; its subjects are hotpair.%s.<link>.<from>.<to>.
Things to try, from another terminal:

  kill -9 %-7d    the process of T-Server A dies; if it is primary, B takes over; M restarts A
  kill -STOP %-7d T-Server B stands still; kill -CONT lets it go on
  nats sub 'hotpair.%s.client.*.*' --server %s --nkey %s
                  what clients get and send, in JSON, with any NATS tool
  hotpair ctl status --nats %s --keys %s
                  who is primary, readiness, calls in the way; ctl switchover, kick, alarms, audit take the same options

Ctrl-C ends it.

`, w.NATSURL(), w.Pair(), w.Pid(wire.A), w.Pid(wire.B), w.Pair(), w.NATSURL(), access.KeyFile(f.keys, access.Observer), w.NATSURL(), f.keys)
}

func (f *upFlags) explainFailover(w *procworld.World) {
	again := ""
	if f.config != "" {
		again = " --config " + f.config
	}
	fmt.Fprintf(f.out, `
The pair runs on %s, and decides by itself who is active; its subjects are hotpair.%s.<link>.<from>.<to>.
Things to try, from another terminal:

  kill -9 %-7d    the process of T-Server A dies; B is active at once, and the clients come over
  hotpair node tserver --id A --nats %s --keys %s%s
                  A is back, and stays inactive until it is activated
  hotpair ctl switchback --reason 'A is repaired' --nats %s --keys %s
                  gives A the activity back; ctl status, clients, licences, config, deactivate, activate, audit take the same options

Ctrl-C ends it.

`, w.NATSURL(), w.Pair(), w.Pid(wire.A), w.NATSURL(), f.keys, again, w.NATSURL(), f.keys)
}
