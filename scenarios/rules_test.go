package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// allRules are those that the hot-standby scenarios have to show.
func allRules() []string {
	var rules []string
	for i := 1; i <= 14; i++ {
		rules = append(rules, fmt.Sprintf("R%d", i))
	}
	for i := 1; i <= 10; i++ {
		rules = append(rules, fmt.Sprintf("X%d", i))
	}
	return append(rules, "X11", "X12", "X13")
}

// failoverRules are those that the scenarios of client failover have to show.
func failoverRules() []string {
	var rules []string
	for i := 1; i <= 13; i++ {
		rules = append(rules, fmt.Sprintf("P%d", i))
	}
	return rules
}

// failoverHeadings are those of the second source.
var failoverHeadings = []string{
	"Implementation", "Failover Criteria",
	"Communication link between primary and secondary servers lost due to primary server failure",
	"Communication link between primary and secondary servers lost due to failure of network infrastructure",
	"Communication link between primary and secondary servers is not lost but partial failure of network infrastructure",
}

// headings are those of the source.
var headings = []string{
	"Hot-Standby HA", "Primary T-Server Still in Start-up Phase", "Primary T-Server's Link with the Switch is Down",
	"Backup T-Server Fails During Synchronization", "Primary T-Server Fails During Synchronization", "Call Synchronization Between T-Servers",
}

// TestEveryRuleHasAScenario, every scenario names its rules and a heading of the source, and every heading has a scenario.
func TestEveryRuleHasAScenario(t *testing.T) {
	everyRuleHasAScenario(t, "hotstandby", allRules(), headings)
	everyRuleHasAScenario(t, "clientfailover", failoverRules(), failoverHeadings)
}

func everyRuleHasAScenario(t *testing.T, dir string, wanted []string, heads []string) {
	rules, sources := map[string]bool{}, map[string]bool{}
	for _, sc := range all(t, dir) {
		require.NotEmpty(t, sc.Rules, sc.Path)
		require.NotEmpty(t, sc.Title, sc.Path)
		require.Contains(t, heads, sc.Source, sc.Path)
		if dir == "hotstandby" {
			require.Empty(t, sc.NoConverge, sc.Path)
		}
		sources[sc.Source] = true
		for _, r := range sc.Rules {
			require.Contains(t, wanted, r, sc.Path)
			rules[r] = true
		}
	}
	for _, r := range wanted {
		require.True(t, rules[r], "no scenario shows %s", r)
	}
	for _, h := range heads {
		require.True(t, sources[h], "no scenario illustrates %q", h)
	}
}

// TestRuleTable: what docs/rules.md names is there: scenarios that show the rule, code, tests.
func TestRuleTable(t *testing.T) {
	data, err := os.ReadFile("../docs/rules.md")
	require.NoError(t, err)
	tests := testNames(t)
	rows := map[string]bool{}
	for _, l := range strings.Split(string(data), "\n") {
		cells := strings.Split(l, "|")
		if len(cells) != 7 || !slices.Contains(append(allRules(), failoverRules()...), strings.TrimSpace(cells[1])) {
			continue
		}
		rule := strings.TrimSpace(cells[1])
		dir := "hotstandby/"
		if strings.HasPrefix(rule, "P") {
			dir = "clientfailover/"
		}
		rows[rule] = true
		for _, name := range strings.Split(cells[4], ",") {
			sc, err := Load(dir + strings.TrimSpace(name) + ".txtar")
			require.NoError(t, err, rule)
			require.True(t, slices.Contains(sc.Rules, rule), "%s does not show %s", sc.Path, rule)
		}
		requireCode(t, cells[3])
		for _, name := range strings.Split(cells[5], ",") {
			require.True(t, tests[strings.TrimSpace(name)], "%s: there is no test %s", rule, name)
		}
	}
	require.Len(t, rows, len(allRules())+len(failoverRules()))
	onNATS, err := os.ReadFile("../docs/nats.md")
	require.NoError(t, err)
	for _, name := range regexp.MustCompile(`Test\w+`).FindAllString(string(onNATS), -1) {
		require.True(t, tests[name], "docs/nats.md: there is no test %s", name)
	}
	for _, name := range regexp.MustCompile(`\| (Test\w+) \|`).FindAllStringSubmatch(string(data), -1) {
		require.True(t, tests[name[1]], "there is no test %s", name[1])
	}
}

// requireCode: each file in backquotes exists and holds the names that follow it.
func requireCode(t *testing.T, cell string) {
	for _, m := range regexp.MustCompile("`([^`]+)`([^`]*)").FindAllStringSubmatch(cell, -1) {
		code, err := os.ReadFile(filepath.Join("..", m[1]))
		if info, statErr := os.Stat(filepath.Join("..", m[1])); statErr == nil && info.IsDir() {
			continue
		}
		require.NoError(t, err)
		for _, name := range strings.FieldsFunc(m[2], func(r rune) bool { return r == ' ' || r == ',' }) {
			require.Contains(t, string(code), name, m[1])
		}
	}
}

// testNames lists the tests of the whole module.
func testNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	re := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range re.FindAllStringSubmatch(string(code), -1) {
			names[m[1]] = true
		}
		return err
	})
	require.NoError(t, err)
	return names
}
