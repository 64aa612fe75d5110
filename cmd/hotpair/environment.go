package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// fromEnvironment fills the flags that were not given from the environment: HOTPAIR_NATS for --nats, and so on.
func fromEnvironment(cmd *cobra.Command) error {
	var errs []error
	// Subcommands share variables, and each sets its own defaults: what counts is this command's.
	cmd.Flags().VisitAll(func(fl *pflag.Flag) {
		if fl.Changed {
			return
		}
		// The default of a list stands in brackets.
		value, name := strings.Trim(fl.DefValue, "[]"), "HOTPAIR_"+strings.ToUpper(strings.ReplaceAll(fl.Name, "-", "_"))
		if v, ok := os.LookupEnv(name); ok {
			value = v
		}
		if err := fl.Value.Set(value); err != nil && fl.Name != "help" {
			errs = append(errs, fmt.Errorf("%s: %q does not fit --%s: %w", name, value, fl.Name, err))
		}
	})
	return errors.Join(errs...)
}
