// Command hotpair simulates a CTI T-Server hot-standby pair: it runs scripted failure scenarios in virtual time, on NATS, and as real
// processes, and says whether what must hold held.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"hotpair/internal/bench"
	"hotpair/internal/procworld"
)

// The exit statuses.
const (
	statusHeld         = 0
	statusFailed       = 1
	statusCouldNotTell = 2
)

// status is an exit status that a command has explained already.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	bench.Main()
	procworld.Main() // a child process does not come back from here
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := rootCommand().ExecuteContext(ctx)
	var s status
	switch {
	case err == nil:
		return statusHeld
	case errors.As(err, &s):
		return int(s)
	}
	fmt.Fprintln(os.Stderr, "hotpair:", err)
	return statusCouldNotTell
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hotpair",
		Short: "Simulates a CTI T-Server hot-standby pair",
		Long: `hotpair simulates a CTI T-Server hot-standby pair: a telephony switch, two T-Servers that both watch it, and a Management Layer that
says which of them is primary. It runs scripted failure scenarios and says whether what must hold held.

The same scenario runs in virtual time (--world sim), in one process on NATS (nats), and as real processes (processes).`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(runCommand(), checkCommand(), verifyCommand(), demoCommand(), upCommand(), natsConfigCommand(), nodeCommand(), ctlCommand(), benchCommand(), validateCommand(), exploreCommand(), fuzzCommand(), mutantsCommand(), versionCommand(), scenarioHelp())
	return root
}
