package scenarios

import (
	"fmt"
	"strings"

	"hotpair/internal/node"
)

// group is what a verb is about.
type group uint8

const (
	world group = iota + 1
	telephony
	failover
	judgement
)

var groupTitles = [...]string{world: "World", telephony: "Telephony", failover: "Client failover", judgement: "Judgement"}

// verb is one command of the language.
type verb struct {
	name   string
	group  group
	usage  string
	help   string
	keys   []string // of its key=value arguments
	never  bool     // it takes no "!"
	nowait bool     // it may be told not to wait for its outcome
	parse  func(a *args) (step, error)
}

// step is a command that was read.
type step interface {
	// run carries it out. An error that wraps errFailed is a failure of the scenario; any other means that the world broke.
	run(r *runner) error
}

// verbs is the language. It is made once, by a function, because help is itself about the verbs.
func verbs() []*verb {
	var all []*verb
	all = append(all, worldVerbs()...)
	all = append(all, telephonyVerbs()...)
	all = append(all, requestVerbs()...)
	all = append(all, failoverVerbs()...)
	return append(all, judgementVerbs()...)
}

var verbTable = verbs()

func findVerb(name string) *verb {
	for _, v := range verbTable {
		if v.name == name {
			return v
		}
	}
	return nil
}

func verbNames() []string {
	names := make([]string, 0, len(verbTable))
	for _, v := range verbTable {
		names = append(names, v.name)
	}
	return names
}

const helpIntro = `A scenario is a txtar archive. Its comment is the script: one command a line.

  # text            the first one is the title; later ones begin a phase, which is timed
  rules: R4 X1      header lines, before the first command: the rules that the scenario shows
  source: heading     the heading of the source that it illustrates
  seed: N             of what the world draws (jitter, loss), unless --seed says otherwise; 1 if it is not given
  speed: N            it is run at most N times as fast as the wall clock
  no-converge: why    after the last line nothing is healed, and the pair need not become whole
  ! verb ...        the command must fail; see the judgement verbs for what it means there
  ? verb ...        the command may fail: it is refused where there is nothing to do, such as killing what does not run
  [world:sim 'why'] verb ...   only in that world ([!world:sim 'why']: only in the others)

Files of the archive: config.yaml holds options of the pair; ladder.txt the sequence chart that is expected, compared exactly in
sim and per link elsewhere; events.txt what clients act on, compared everywhere, with ConnIDs numbered as they appear. --update rewrites both. NAME.times holds measured times for loads, one a line.

Nodes are S (switch), A and B (T-Servers), M (Management Layer), C1, C2, ... (clients), NATS (the carrier).
Times are on the run's clock: 500ms, 2s, 1h.
A SITE is a group of clients that config.yaml names (sites:); it stands for each of them, also as an end of a link: cut east-A.
`

var helpPatterns = `
Patterns of the judgement verbs:

  A->B KIND [key=value ...]     a message was sent since the last act and was not matched before. C* is any client.
                                keys, those of them that the message has: ` + "num, epoch, reason, role, outcome, node, normal, announced, ready" + `
  A-B up|down|half-open         both ends of the link are up, both are down, or one end is up
  A|B key=value ...             a T-Server: running, inc, role, epoch, cti, sync, announced, ready, tagged, calls, unnamed, alarm, raised, alarms
                also, under peer arbitration: activity (inactive, open or active), sessions, refused (logins), seats, holder (A, B or none), deactivated,
                config and configEpoch (the version of the shared configuration), conflicts (changes that did not win)
  M key=value ...               running, named, epoch, ready, restarts, alarm, raised, alarms
  S key=value ...               running, calls, alarm, raised, alarms
  C1 key=value ...              running, epoch, acted, ignored, incomplete, done, not-done, unknown (its requests), session (A, B or none, under peer arbitration), alarm, raised, alarms
  pair key=value ...            active (under peer arbitration: A, B, none or both), clients (how many have a session there), sameConfig, primary (A, B, none or both), ready, changed (ConnIDs that changed under clients' eyes), switchovers, alarms
  call NAME key=value ...       up, held (by how many T-Servers), same (one ConnID at all of them), kept (the ConnID that it had first)

  alarm=NAME means that the alarm is raised there, alarm!=NAME that it is not; raised=NAME means that it was, at any time of the run; alarms is how many are: ` + alarmHelp() + `

  key=value may also be key!=value, key>n, key>=n, key<n, key<=n; a lone word such as announced means announced=true.
`

func alarmHelp() string { return strings.Join(node.AlarmNames(), ", ") }

// Help is the manual of the language.
func Help() string {
	var b strings.Builder
	b.WriteString(helpIntro)
	for g := world; g <= judgement; g++ {
		fmt.Fprintf(&b, "\n%s verbs:\n\n", groupTitles[g])
		for _, v := range verbTable {
			if v.group == g {
				fmt.Fprintf(&b, "  %s\n      %s\n", v.usage, strings.ReplaceAll(v.help, "\n", "\n      "))
			}
		}
	}
	b.WriteString(helpPatterns)
	return b.String()
}
