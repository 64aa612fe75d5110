package hotpairtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/scenarios"
	"hotpair/scenarios/hotpairtest"
)

func TestMain(m *testing.M) { hotpairtest.Main(m) }

func TestScenarioInATest(t *testing.T) {
	for _, world := range []string{scenarios.Sim, scenarios.Processes} {
		res := hotpairtest.Run(t, "../hotstandby/primary-stops.txtar", scenarios.Options{World: world})
		require.Equal(t, uint64(1), res.Metrics.Switchovers)
	}
}
