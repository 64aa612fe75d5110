package natsworld

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// openConfig is the configuration of a server that lets everybody do everything, as a file that any NATS server understands.
//
//go:embed nats-server.conf
var openConfig string

// The user of the system account in openConfig, for the Management Layer's host (fence: kick).
const (
	systemUser     = "system"
	systemPassword = "system"
)

// ServerOptions say how a NATS server is started.
type ServerOptions struct {
	// Port on loopback; 0 or -1 takes any that is free.
	Port int
	// StoreDir is the folder of JetStream's files; it is made if it is missing.
	StoreDir string
	// Config holds accounts, users and limits, as access.ServerConfig writes them; "" lets everybody do everything.
	Config string
	// Log, if it is not nil, hears of every message ("trace") and of what NATS's debug log tells.
	Log server.Logger
}

// Server is a NATS server with JetStream, in this process, on loopback. It has an account for the pair, whose clients hear of each other's
// disconnects.
type Server struct {
	s    *server.Server
	port int
}

// readyTime is how long a NATS server may take until it accepts connections.
const readyTime = 20 * time.Second

// StartServer starts a NATS server and waits until it accepts connections.
func StartServer(o ServerOptions) (*Server, error) {
	port := o.Port
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if err := os.MkdirAll(o.StoreDir, 0o755); err != nil {
		return nil, fmt.Errorf("NATS server: its store: %w", err)
	}
	opt := &server.Options{}
	if o.Config == "" {
		o.Config = openConfig
	}
	if err := opt.ProcessConfigString(o.Config); err != nil {
		return nil, fmt.Errorf("NATS server: its configuration: %w", err)
	}
	opt.Host, opt.Port, opt.NoSigs, opt.NoLog, opt.JetStream, opt.StoreDir = "127.0.0.1", port, true, true, true, o.StoreDir
	s, err := server.NewServer(opt)
	if err != nil {
		return nil, fmt.Errorf("NATS server: %w", err)
	}
	if o.Log != nil {
		s.SetLoggerV2(o.Log, true, true, false)
	}
	s.Start()
	if !s.ReadyForConnections(readyTime) {
		s.Shutdown()
		return nil, fmt.Errorf("NATS server: it accepts no connections on port %d; is the port taken?", o.Port)
	}
	addr, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		s.Shutdown()
		return nil, errors.New("NATS server: it has no TCP address")
	}
	return &Server{s: s, port: addr.Port}, nil
}

// Port returns the port that the server listens on.
func (s *Server) Port() int { return s.port }

// Addr returns host:port.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// URL returns where clients connect to.
func (s *Server) URL() string { return "nats://" + s.Addr() }

// Wait returns when the server has ended, whatever the reason.
func (s *Server) Wait() { s.s.WaitForShutdown() }

// Shutdown ends the server and waits for it.
func (s *Server) Shutdown() {
	s.s.Shutdown()
	s.s.WaitForShutdown()
}
