package natsworld

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/goccy/go-json"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"hotpair/hasync/mlayer"
	"hotpair/internal/config"
	"hotpair/internal/wire"
)

// kicker has the NATS server close connections (fence: kick). It has a connection of its own, as a user of the system account, and its own
// goroutine, so that nobody waits for it.
type kicker struct {
	url   string
	pair  string
	login Login
	log   *zap.Logger
	check bool // find out at once whether it may
	ping  time.Duration
	todo  chan string // connections to be closed
	nc    *nats.Conn  // nil until it is connected
}

const (
	// maxKicks is how many connections may wait to be closed; more than two T-Servers' there never are, unless the server is not reached.
	maxKicks = 16
	// kickTime bounds one request, and connecting for it.
	kickTime = 2 * time.Second
)

// startKicker starts it at the Management Layer's host, if it is told to fence, or an operator may have it do so.
func (h *Host) startKicker() {
	fences := h.opt.Config.M.Fence == mlayer.Kick
	if h.opt.ID != wire.MLayer || !fences && h.opt.System == nil {
		return
	}
	login := openSystem
	if h.opt.System != nil {
		login = *h.opt.System
	}
	h.kicker = &kicker{url: h.opt.URL, pair: h.opt.Pair, login: login, log: h.log, check: fences, ping: h.opt.Config.CarrierPing, todo: make(chan string, maxKicks)}
	go h.kicker.run(h.ctx)
}

// fence notes that a peer's connection is to be closed. What is known to have ended needs no closing.
func (h *Host) fence(peer wire.ID) {
	if conn := h.mux.ConnOf(peer); conn != "" && h.kicker != nil {
		h.fences = append(h.fences, conn)
	}
}

// carryOutFences hands them on, behind the records that tell of them.
func (h *Host) carryOutFences() {
	for _, conn := range h.fences {
		select {
		case h.kicker.todo <- conn:
		default:
			h.log.Warn("fence: a connection is not closed, since too many wait to be", zap.String("conn", conn))
		}
	}
	h.fences = h.fences[:0]
}

func (k *kicker) run(ctx context.Context) {
	defer func() {
		if k.nc != nil {
			k.nc.Close()
		}
	}()
	// A system account that cannot be used is told now, and not when it is needed.
	if err := k.tryOut(ctx); err != nil {
		k.log.Warn("fence: kick is configured, and this NATS server does not let the Management Layer into its system account: "+
			"no connection will be closed, and epochs alone keep an old primary out", zap.Error(err))
	}
	for {
		select {
		case <-ctx.Done():
			return
		case conn := <-k.todo:
			if err := k.kick(ctx, conn); err != nil {
				k.log.Warn("fence: the connection was not closed", zap.String("conn", conn), zap.Error(err))
			} else {
				k.log.Info("fence: the connection was closed", zap.String("conn", conn))
			}
		}
	}
}

func (k *kicker) connect() error {
	if k.nc != nil {
		return nil
	}
	u, err := url.Parse(k.url)
	if err != nil {
		return err
	}
	u.User = nil // that is the node's
	k.nc, err = Connect(u.String(), k.pair, &k.login, nats.Name("hotpair fence"), nats.Timeout(kickTime), nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait), nats.ReconnectBufSize(-1), nats.PingInterval(k.ping), nats.MaxPingsOutstanding(config.CarrierPings),
		nats.IgnoreDiscoveredServers())
	return err
}

// tryOut finds out whether the server lets this user ask what only the system account may ask.
func (k *kicker) tryOut(ctx context.Context) error {
	if !k.check {
		return nil // an operator is told when he asks
	}
	if err := k.connect(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, kickTime)
	defer cancel()
	_, err := k.nc.RequestWithContext(ctx, "$SYS.REQ.SERVER."+k.nc.ConnectedServerId()+".IDZ", nil)
	return err
}

func (k *kicker) kick(ctx context.Context, conn string) error {
	server, client, err := splitConn(conn)
	if err != nil {
		return err
	}
	if err := k.connect(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, kickTime)
	defer cancel()
	answer, err := k.nc.RequestWithContext(ctx, "$SYS.REQ.SERVER."+server+".KICK", fmt.Appendf(nil, `{"cid":%d}`, client))
	if err != nil {
		return err
	}
	var a struct {
		Error struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &a); err != nil {
		return err
	}
	if a.Error.Description != "" {
		return errors.New(a.Error.Description)
	}
	return nil
}
