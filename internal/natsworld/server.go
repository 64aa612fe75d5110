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

// serverConfig is the configuration of accounts and limits, as a file that any NATS server understands.
//
//go:embed nats-server.conf
var serverConfig string

// The user of the system account in serverConfig, for the Management Layer's host (fence: kick).
const (
	SystemUser     = "system"
	SystemPassword = "system"
)

// ServerOptions say how a NATS server is started.
type ServerOptions struct {
	// Port on loopback; 0 or -1 takes any that is free.
	Port int
	// StoreDir is the folder of JetStream's files; it is made if it is missing.
	StoreDir string
}

// Server is a NATS server with JetStream, in this process, on loopback. Who connects without naming a user is in the pair's account, whose
// clients hear of each other's disconnects.
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
	if err := opt.ProcessConfigString(serverConfig); err != nil {
		return nil, fmt.Errorf("NATS server: its configuration: %w", err)
	}
	opt.Host, opt.Port, opt.NoSigs, opt.NoLog, opt.JetStream, opt.StoreDir = "127.0.0.1", port, true, true, true, o.StoreDir
	s, err := server.NewServer(opt)
	if err != nil {
		return nil, fmt.Errorf("NATS server: %w", err)
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
