package bench

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sentinelConfig is the fastest setting that makes sense: a sentinel looks at its masters ten times a second.
const sentinelConfig = `port %d
bind 127.0.0.1
dir %s
sentinel monitor bench 127.0.0.1 %d 2
sentinel down-after-milliseconds bench 100
sentinel failover-timeout bench 1000
`

// sentinel measures Redis Sentinel: each time with fresh processes.
func sentinel(ctx context.Context, kills int, took func(time.Duration)) error {
	if err := need("redis-server redis-sentinel", "redis-server", "redis-sentinel"); err != nil {
		return err
	}
	for range kills {
		dir, err := os.MkdirTemp("", "hotpair-bench-")
		if err != nil {
			return err
		}
		d, err := sentinelKill(ctx, dir)
		_ = os.RemoveAll(dir)
		if err != nil {
			return err
		}
		took(d)
	}
	return nil
}

// freePorts returns ports on loopback that nobody uses.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// redis is a connection to a redis-server, or to a sentinel.
type redis struct {
	c  net.Conn
	in *bufio.Reader
}

// dialRedis connects, as soon as somebody listens.
func dialRedis(ctx context.Context, port int) (*redis, error) {
	for {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(port), time.Second)
		if err == nil {
			return &redis{c, bufio.NewReader(c)}, nil
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// ask sends a command and reads what follows, up to a line that begins with a word, or refuses.
func (r *redis) ask(command, until string) (line string, err error) {
	if err := r.c.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(r.c, "%s\r\n", command); err != nil {
		return "", err
	}
	for {
		if line, err = r.in.ReadString('\n'); err != nil {
			return "", err
		}
		if strings.HasPrefix(line, until) || strings.HasPrefix(line, "-") {
			return line, nil
		}
	}
}

func sentinelKill(ctx context.Context, dir string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ports, err := freePorts(5)
	if err != nil {
		return 0, err
	}
	var daemons []*daemon
	defer func() {
		for _, d := range daemons {
			d.kill()
		}
	}()
	start := func(name string, args ...string) error {
		d, err := startDaemon(name, args...)
		if err == nil {
			daemons = append(daemons, d)
		}
		return err
	}
	server := func(port int, more ...string) []string {
		return append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir, "--repl-diskless-sync-delay", "0"}, more...)
	}
	if err := start("redis-server", server(ports[0])...); err != nil {
		return 0, err
	}
	if err := start("redis-server", server(ports[1], "--replicaof", "127.0.0.1", strconv.Itoa(ports[0]))...); err != nil {
		return 0, err
	}
	if err := replicates(ctx, ports[0]); err != nil {
		return 0, err
	}
	for _, port := range ports[2:] {
		conf := filepath.Join(dir, strconv.Itoa(port)+".conf")
		if err := os.WriteFile(conf, fmt.Appendf(nil, sentinelConfig, port, dir, ports[0]), 0o600); err != nil {
			return 0, err
		}
		if err := start("redis-sentinel", conf); err != nil {
			return 0, err
		}
	}
	for _, port := range ports[2:] {
		if err := sees(ctx, port); err != nil {
			return 0, err
		}
	}
	return failOver(ctx, daemons[0], ports)
}

// replicates waits until the replica follows its master.
func replicates(ctx context.Context, port int) error {
	return poll(ctx, port, "info replication", "slave0:", func(line string) bool { return strings.Contains(line, "state=online") })
}

// sees waits until a sentinel knows the replica and the other sentinels.
func sees(ctx context.Context, port int) error {
	return poll(ctx, port, "sentinel ckquorum bench", "+OK", func(line string) bool { return strings.HasPrefix(line, "+OK 3 ") })
}

func poll(ctx context.Context, port int, command, word string, good func(string) bool) error {
	for {
		r, err := dialRedis(ctx, port)
		if err != nil {
			return err
		}
		_ = r.c.SetDeadline(time.Now().Add(100 * time.Millisecond)) // an error shows in what follows
		line := r.quick(command, word)
		_ = r.c.Close()
		if good(line) {
			return pause(ctx, time.Second) // the sentinels learn of replicas within a second of each other
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// quick sends a command and returns the line with the word, or "" if none comes.
func (r *redis) quick(command, word string) string {
	if _, err := fmt.Fprintf(r.c, "%s\r\n", command); err != nil {
		return ""
	}
	for {
		line, err := r.in.ReadString('\n')
		if err != nil || strings.HasPrefix(line, word) {
			return line
		}
	}
}

// failOver kills the master, and writes at the replica until it takes it. A client that had to ask a sentinel first would be later.
func failOver(ctx context.Context, master *daemon, ports []int) (time.Duration, error) {
	old, err := dialRedis(ctx, ports[0])
	if err != nil {
		return 0, err
	}
	defer old.c.Close()
	replica, err := dialRedis(ctx, ports[1])
	if err != nil {
		return 0, err
	}
	defer func() { _ = replica.c.Close() }()
	if _, err := old.ask("set k v", "+OK"); err != nil {
		return 0, err
	}
	last := time.Now()
	master.kill()
	for {
		line, err := replica.ask("set k v", "+OK")
		switch {
		case err == nil && strings.HasPrefix(line, "+OK"):
			return time.Since(last), nil
		case err != nil: // a replica that is promoted closes its connections
			_ = replica.c.Close()
			if replica, err = dialRedis(ctx, ports[1]); err != nil {
				return 0, err
			}
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
}
