package natsworld

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// noticeSubject is where the system account's disconnect notices arrive, if the server lets the pair's account have them: a stream export of the
// system account, imported by the pair's. Whatever that account is called: nobody gets those of another one.
const noticeSubject = "$SYS.ACCOUNT.*.DISCONNECT"

// noticeTime is how long a server gets to show that it sends disconnect notices.
const noticeTime = 5 * time.Second

// notice is what a host reads of a disconnect notice.
type notice struct {
	Server struct {
		ID string `json:"id"`
	} `json:"server"`
	Client struct {
		ID uint64 `json:"id"`
	} `json:"client"`
	Reason string `json:"reason"`
}

// parseNotice reads a disconnect notice, and returns whose connection has ended, and why.
func parseNotice(data []byte) (conn, reason string, err error) {
	var n notice
	if err := json.Unmarshal(data, &n); err != nil {
		return "", "", fmt.Errorf("the disconnect notice is no JSON: %.*s", maxReason, err.Error())
	}
	if n.Server.ID == "" || n.Client.ID == 0 {
		return "", "", errors.New("the disconnect notice names no connection: server.id and client.id are wanted")
	}
	return connName(n.Server.ID, n.Client.ID), n.Reason, nil
}

// connName names a connection as disconnect notices do: no other one, of any server, ever has the same name.
func connName(serverID string, clientID uint64) string {
	return serverID + "/" + strconv.FormatUint(clientID, 10)
}

// splitConn is the inverse of connName. The name may come from anybody, and the server's part stands in a subject afterwards.
func splitConn(conn string) (serverID string, clientID uint64, err error) {
	server, client, found := strings.Cut(conn, "/")
	clientID, numErr := strconv.ParseUint(client, 10, 64)
	if !found || server == "" || strings.ContainsFunc(server, notInID) || numErr != nil {
		return "", 0, fmt.Errorf("a connection's name is SERVER/NUMBER, not %.60q", conn)
	}
	return server, clientID, nil
}

func notInID(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }

// ownConn names a connection's present incarnation; "" if it is not connected, or the server does not say.
func ownConn(nc *nats.Conn) string {
	id, err := nc.GetClientID()
	server := nc.ConnectedServerId()
	if err != nil || server == "" {
		return ""
	}
	return connName(server, id)
}

// noticed takes a disconnect notice. It came through the same channel as the messages, in the order in which the server sent them.
func (h *Host) noticed(m *nats.Msg) {
	conn, reason, err := parseNotice(m.Data)
	if err != nil {
		h.log.Warn("dropped a disconnect notice", zap.String("subject", m.Subject), zap.Error(err))
		return
	}
	h.log.Debug("a connection has ended", zap.String("conn", conn), zap.String("reason", reason))
	if conn == h.probe {
		h.probe = ""
		h.log.Debug("this NATS server sends disconnect notices")
	}
	h.mux.Gone(conn)
}

// openNotices subscribes to the disconnect notices, into the channel of the messages.
func (h *Host) openNotices() error {
	if !h.opt.Config.DisconnectNotices {
		return nil
	}
	if _, err := h.nc.ChanSubscribe(noticeSubject, h.msgs); err != nil {
		return fmt.Errorf("NATS: disconnect notices: %w", err)
	}
	return nil
}

// checkNotices finds out whether a server that is not ours sends disconnect notices: it connects once more, disconnects, and waits to be told.
// If it is not, polling finds dead peers, and the log says so.
func (h *Host) checkNotices() {
	nc, err := Connect(h.opt.URL, h.opt.Pair, &h.opt.Login, nats.Name("hotpair probe"), nats.Timeout(noticeTime), nats.NoReconnect())
	if err != nil {
		return // it has got a connection before, and will have it again: nothing is known
	}
	probe := ownConn(nc)
	h.later(func() { h.probe = probe })
	// The notice must not be there before it is waited for.
	h.later(nc.Close)
	select {
	case <-h.ctx.Done():
		nc.Close()
	case <-time.After(h.opt.noticeTime):
		h.later(func() {
			if h.probe == probe {
				h.log.Warn("this NATS server sends no disconnect notices, so that dead peers are found by polling only (2 x addp-timeout); "+
					"the account of the pair has to import them from the system account", zap.String("subject", noticeSubject))
			}
		})
	}
}
