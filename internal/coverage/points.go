package coverage

import (
	"hotpair/internal/node"
)

// point is something that can be seen to happen.
type point int

// info is what a point is called.
type info struct{ group, name string }

// The groups of points.
const (
	Rules       = "rules"
	Transitions = "transitions"
	Refusals    = "refusals"
	Causes      = "causes of a loss"
	Alarms      = "alarms"
	Faults      = "faults"
)

// textPoint is a point that is known by what is said.
type textPoint struct {
	text  string
	point point
}

// Points that are known by more than a text.
const (
	x12Returned point = iota
	haClosed
	r4BackupReady
	x5Again
	x2Transfer
	r12Named
	r14Normal
	r11PeerFailed
	x6Told
	r6Synchronized
	r7StartUp
	r8LinkDown
	x4LinkDown
	x6LowerHA
	x6LowerAppoint
	x6ClientKnows
	x6PeerKnows
	r12Unknown
	x3Other
	x6Ignored
	restarts
	fences
	skips
	x9CleanedUp
	x10Ready
	x10NotReady
	x1Tagged
	r5Tagged
	withdrawn
)

var points = []info{
	x12Returned:    {Rules, "X12 M returns"},
	haClosed:       {Rules, "X7 the primary closes the HA link, and goes on without the backup"},
	r4BackupReady:  {Rules, "R4 Backup Ready"},
	x5Again:        {Rules, "X5 Backup Ready again, while EventLinkConnected stays in force"},
	x2Transfer:     {Rules, "X2 the ConnID of a tagged call is sent"},
	r12Named:       {Rules, "R12 the primary names a call, and tells the backup"},
	r14Normal:      {Rules, "R14 appointment by a normal command"},
	r11PeerFailed:  {Rules, "R11 M says that a T-Server has failed"},
	x6Told:         {Rules, "X6 a client tells a primary of a higher epoch"},
	r6Synchronized: {Rules, "R6 Full Sync Done (synchronized)"},
	r7StartUp:      {Rules, "R7 Full Sync Done (start-up)"},
	r8LinkDown:     {Rules, "R8 Full Sync Done (link-down)"},
	x4LinkDown:     {Rules, "X4 Full Sync Done (link-down) while calls are tagged"},
	x6LowerHA:      {Rules, "X6 an HA message of a lower epoch"},
	x6LowerAppoint: {Rules, "X6 an assignment of a lower epoch"},
	x6ClientKnows:  {Rules, "X6 a primary hears of a higher epoch from a client"},
	x6PeerKnows:    {Rules, "X6 a primary hears of a higher epoch from its peer"},
	r12Unknown:     {Rules, "R12 a ConnID for a call that is not known, or over"},
	x3Other:        {Rules, "X3 a ConnID for a call whose reference another one has"},
	x6Ignored:      {Rules, "X6 a client ignores an event of a lower epoch"},
	restarts:       {Rules, "R1 M has a T-Server restarted (autorestart)"},
	fences:         {Rules, "M has a connection closed (fence: kick)"},
	skips:          {Rules, "a message of a later version is skipped"},
	x9CleanedUp:    {Rules, "X9 a stuck call is cleaned up"},
	x10Ready:       {Rules, "X10 readiness of the pair is 1"},
	x10NotReady:    {Rules, "X10 readiness of the pair is 0 again"},
	x1Tagged:       {Rules, "X1 a call from before the watermark is tagged when it is heard of"},
	r5Tagged:       {Rules, "R5 calls are tagged"},
	withdrawn:      {Rules, "R3 EventLinkDisconnected"},
}

// texts makes the points of a table: names by what is said.
func texts(group string, list ...[2]string) (table []textPoint) {
	for _, l := range list {
		name := l[1]
		if name == "" {
			name = l[0]
		}
		table = append(table, textPoint{l[0], point(len(points))})
		points = append(points, info{group, name})
	}
	return table
}

var (
	announcedTexts = texts(
		Rules, [2]string{"R3", "R3 a synchronized primary announces"}, [2]string{"R9", "R9 announced on Full Sync Done"},
		[2]string{"R11", "R11 announced, since the primary failed or was not reached"}, [2]string{"R13", "R13 announced without waiting"},
	)
	namedTexts = texts(
		Rules, [2]string{"invented", "R2 a ConnID is invented"}, [2]string{"adopted", "R12 a ConnID is adopted"},
		[2]string{"kept", "R12 a ConnID that was told before the call was known"},
	)
	outcomeTexts = texts(
		Rules, [2]string{"not-handed-over", "R14 not handed over"}, [2]string{"handed-over", "R14 handed over"}, [2]string{"taken", "R14 role taken"},
	)
	recordTexts = texts(
		Rules, [2]string{"A did not show up", "R1 cold start, A did not show up"}, [2]string{"cold start", "R1 cold start"},
		[2]string{"is lost", "R14 the named one is lost"}, [2]string{"is another incarnation", "R14 the named one is another incarnation"},
		[2]string{"no EventLinkConnected in force", "R14 the named one has no EventLinkConnected in force"},
		[2]string{"operator's command", "R14 an operator's command"}, [2]string{"could not hand over", "R14 the old one is named again"},
		[2]string{"primary of a higher epoch", "X12 of two primaries the higher epoch stays"}, [2]string{"a higher epoch was seen", "X6 the named one is named anew above a higher epoch"},
	)
	resumedTexts = texts(
		Rules, [2]string{"incomplete", "X8 a client that resumes is told that something is not known any more"}, [2]string{"complete", "X8 a client resumes"},
	)
	readyTexts = texts(
		Rules, [2]string{"the HA link is down", "X10 not ready: the HA link is down"}, [2]string{"backup's CTI link is synchronizing", "X10 not ready: the backup's CTI link is synchronizing"},
		[2]string{"backup's CTI link is down", "X10 not ready: the backup's CTI link is down"}, [2]string{"the CTI link is", "X10 not ready: the own CTI link"},
		[2]string{"are awaited", "X10 not ready: the switch's events up to the primary's are awaited"},
		[2]string{"are looked up", "X10 not ready: calls that the primary may not have are looked up at the switch"},
		[2]string{"no Full Sync Done", "X10 not ready: no Full Sync Done (synchronized)"}, [2]string{"is not acknowledged", "X10 not ready: Full Sync Done is not acknowledged"},
		[2]string{"synchronized", "X10 ready"},
	)
	transitionTexts = texts(
		Transitions, [2]string{"role: backup to primary"}, [2]string{"role: primary to backup"},
		[2]string{"role: backup to backup", "role: backup of another epoch"}, [2]string{"role: primary to primary", "role: primary of another epoch"},
		[2]string{"CTI link: down to synchronizing"}, [2]string{"CTI link: synchronizing to synchronized"}, [2]string{"CTI link: synchronizing to down"},
		[2]string{"CTI link: synchronized to down"},
		[2]string{"synchronization: idle to awaiting"}, [2]string{"synchronization: awaiting to done"}, [2]string{"synchronization: awaiting to answered"},
		[2]string{"synchronization: awaiting to idle"}, [2]string{"synchronization: answered to awaiting"}, [2]string{"synchronization: answered to idle"},
		[2]string{"synchronization: done to idle"}, [2]string{"synchronization: idle to tagging"}, [2]string{"synchronization: idle to done"},
		[2]string{"synchronization: tagging to done"}, [2]string{"synchronization: tagging to idle"},
	)
	refusedTexts = texts(
		Refusals, [2]string{"it was not stored", "switchover: it was not stored"}, // whatever the store says
		[2]string{"no primary is named yet", "switchover: no primary is named yet"}, [2]string{"the store takes nothing", "switchover: the store takes nothing"},
		[2]string{"is named and not primary yet", "switchover: the named one is not primary yet"}, [2]string{"has not announced", "switchover: the other one has not announced"},
		[2]string{"readiness is 0", "switchover: readiness is 0"},
		[2]string{"is busy", "call: a line is busy"}, [2]string{"call references are in use", "call: no call reference is free"}, [2]string{"there is no call", "there is no such call"},
		[2]string{"answered already", "answer: answered already"}, [2]string{"is registered already", "register: registered already"},
	)
	errorTexts = texts(
		Refusals, [2]string{"the switch has no DN", "EventError: no such DN"}, [2]string{"is not primary", "EventError: resuming at a backup"},
	)
	badTexts = texts(
		Refusals, [2]string{"event number out of order", "CTI link: an event number out of order"}, [2]string{"up and silent", "CTI link: silent"},
		[2]string{"at another event number", "CTI link: a keep-alive answer at another event number"}, [2]string{"out of place", "CTI link: a snapshot out of place"},
	)
	causeTexts = texts(
		Causes, [2]string{"timeout"}, [2]string{"goodbye"}, [2]string{"closed by itself"}, [2]string{"closed"}, [2]string{"gap"}, [2]string{"restarted"},
		[2]string{"own-carrier"}, [2]string{"gone"},
	)
	faultTexts = texts(
		Faults, [2]string{"kill"}, [2]string{"stop"}, [2]string{"twin"}, [2]string{"pause"}, [2]string{"cut"}, [2]string{"delay"}, [2]string{"loss"},
		[2]string{"duplicate"}, [2]string{"reorder"}, [2]string{"dropped", "isolate"}, [2]string{"black-holed", "isolate black-hole"}, [2]string{"store full"}, [2]string{"store read-only"},
		[2]string{"state=down", "link down"}, [2]string{"state=silent", "link silent"}, [2]string{"do stuck", "stuck"}, [2]string{"do switchover", "switchover"}, [2]string{"option"},
	)
	alarmRaised  = alarms("raised")
	alarmCleared = alarms("cleared")
)

// alarms makes a point of each alarm.
func alarms(what string) point {
	first := point(len(points))
	for _, name := range node.AlarmNames() {
		points = append(points, info{Alarms, name + " " + what})
	}
	return first
}
