package access

import (
	"fmt"
	"regexp"
	"strings"

	"hotpair/internal/wire"
)

// The roles that are no nodes. An operator's is OperatorRole(name), a node's is its name.
const (
	// Observer reads what the pair says, and says nothing.
	Observer = "observer"
	// Admin may do everything in the pair's account: he looks after JetStream, as the runner of scenarios does.
	Admin = "admin"
	// Tester drives a pair that is under test: faults, telephony and judgements, by hotpair up --control (Options.Tester).
	Tester = "tester"
	// System is the Management Layer's second user (fence: kick), in the system account.
	System = "system"
)

// DefaultOperator is the operator's name where none is given.
const DefaultOperator = "local"

// Options say for which pair the table is.
type Options struct {
	// Pair is the pair's name, a token of a subject.
	Pair string
	// Clients is how many there are, from 0 to wire.MaxClients.
	Clients int
	// Operators are the names of those who may give commands, tokens of subjects; empty means DefaultOperator.
	Operators []string
	// Tester: there is a user Tester. Only a pair that is run to be tested has one.
	Tester bool
}

// Role is a user, and what it may do. What is not listed it may not.
type Role struct {
	Name               string
	Publish, Subscribe []Right
}

// Right is a subject, which may hold wildcards, and what it is for.
type Right struct {
	Subject, Why string
}

// OperatorRole returns the role of the operator of a name.
func OperatorRole(name string) string { return "operator-" + name }

// Inbox returns the prefix of the subjects on which a role gets answers: nobody else may listen there.
func Inbox(pair, role string) string { return "_INBOX." + pair + "." + role }

// token is what a pair, or an operator, may be called.
var token = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// CheckName reports that a name is none for a pair or an operator.
func CheckName(name string) error {
	if !token.MatchString(name) {
		return fmt.Errorf("a name of at most 64 letters, digits, - and _ is wanted, not %.80q", name)
	}
	return nil
}

// Validate reports what is wrong with the options.
func (o *Options) Validate() error {
	if err := CheckName(o.Pair); err != nil {
		return fmt.Errorf("pair: %w", err)
	}
	if o.Clients < 0 || o.Clients > wire.MaxClients {
		return fmt.Errorf("clients: from 0 to %d, not %d", wire.MaxClients, o.Clients)
	}
	for i, name := range o.Operators {
		if err := CheckName(name); err != nil {
			return fmt.Errorf("operator: %w", err)
		}
		for _, other := range o.Operators[:i] {
			if other == name {
				return fmt.Errorf("operator: %s is there twice", name)
			}
		}
	}
	return nil
}

func (o *Options) operators() []string {
	if len(o.Operators) == 0 {
		return []string{DefaultOperator}
	}
	return o.Operators
}

// Subjects of a pair that are not those of links.

// CommandSubject is where an operator gives a node a command. The server lets him use his own name only, so it tells who he is.
func CommandSubject(pair, operator, node, verb string) string {
	return fmt.Sprintf("hotpair.%s.operator.%s.%s.%s", pair, operator, node, verb)
}

// StatusSubject is where a node tells of its state when it changes.
func StatusSubject(pair, node string) string { return fmt.Sprintf("hotpair.%s.status.%s", pair, node) }

// AuditSubject is where a node writes down what operators had it do, into the stream AuditStream.
func AuditSubject(pair, node string) string { return "hotpair." + pair + ".audit." + node }

// AuditStream is the name of the stream of AuditSubject.
func AuditStream(pair string) string { return "hotpair_audit_" + pair }

// Bucket returns the name of a pair's KV bucket.
func Bucket(pair string) string { return "hotpair_" + pair }

// Roles returns all users of a pair: the nodes in the order S, A, B, M, C1, …, then operators, observer, admin and system.
func Roles(o Options) []Role {
	var roles []Role
	ids := []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer}
	for n := range o.Clients {
		ids = append(ids, wire.Client(n+1))
	}
	for _, id := range ids {
		roles = append(roles, nodeRole(&o, id))
	}
	for _, name := range o.operators() {
		roles = append(roles, operatorRole(&o, name))
	}
	if o.Tester {
		roles = append(roles, testerRole(&o))
	}
	return append(roles, observerRole(&o),
		Role{Admin, []Right{{">", "looks after JetStream"}}, []Right{{">", "looks after JetStream"}}},
		Role{
			System, []Right{
				{"$SYS.REQ.SERVER.*.KICK", "closes a connection (fence: kick)"},
				{"$SYS.REQ.SERVER.*.IDZ", "finds out whether it may"},
			}, []Right{{Inbox(o.Pair, System) + ".>", "answers"}},
		})
}

type table struct {
	pair string
	role *Role
}

func (t *table) publish(why, format string, args ...any) {
	t.role.Publish = append(t.role.Publish, Right{"" + fmt.Sprintf(format, args...), why})
}

func (t *table) subscribe(why, format string, args ...any) {
	t.role.Subscribe = append(t.role.Subscribe, Right{fmt.Sprintf(format, args...), why})
}

func nodeRole(o *Options, id wire.ID) Role {
	r := Role{Name: id.String()}
	t := table{o.Pair, &r}
	t.links(id)
	t.publish("tells older processes of its name that it starts", "hotpair.%s.started.%s", o.Pair, id)
	t.publish("last word to a later process of its name", "%s.>", Inbox(o.Pair, id.String()))
	t.publish("records, where it was started by hand", "hotpair.%s.trace.%s", o.Pair, id)
	t.publish("its state, when it changes", "%s", StatusSubject(o.Pair, id.String()))
	t.subscribe("hears of later processes of its name", "hotpair.%s.started.%s", o.Pair, id)
	t.subscribe("answers", "%s.>", Inbox(o.Pair, id.String()))
	t.subscribe("disconnect notices of the pair's account", "$SYS.ACCOUNT.*.DISCONNECT")
	t.store(id)
	t.commands(o, id)
	return r
}

// links: one direction of each.
func (t *table) links(id wire.ID) {
	for _, peer := range wire.PeersOf(nil, id, 0) {
		t.publish("packets of the "+wire.LinkOf(id, peer).String()+" link", "hotpair.%s.%s.%s.%s", t.pair, wire.LinkOf(id, peer), id, peer)
	}
	if id.IsTServer() {
		t.publish("packets of the client links", "hotpair.%s.%s.%s.*", t.pair, wire.ClientLink, id)
	}
	t.subscribe("packets of all its links, in one order", "hotpair.%s.*.*.%s", t.pair, id)
}

// store: its own keys of the bucket. Clients make no bucket.
func (t *table) store(id wire.ID) {
	bucket := Bucket(t.pair)
	t.publish("whether the bucket is there, and writable", "$JS.API.STREAM.INFO.KV_%s", bucket)
	if !id.IsClient() {
		t.publish("whether it may make the bucket", "$JS.API.INFO")
		t.publish("makes the bucket", "$JS.API.STREAM.CREATE.KV_%s", bucket)
	}
	for _, key := range []string{"inc", "state"} {
		t.publish("reads its "+key, "$JS.API.DIRECT.GET.KV_%s.$KV.%s.%s.%s", bucket, bucket, id, key)
		t.publish("writes its "+key, "$KV.%s.%s.%s", bucket, id, key)
	}
}

// commands: it answers operators, and nobody else.
func (t *table) commands(o *Options, id wire.ID) {
	t.subscribe("discovery and statistics", "$SRV.>")
	for _, name := range o.operators() {
		t.publish("answers to the operator", "%s.>", Inbox(t.pair, OperatorRole(name)))
	}
	t.publish("answers to the admin", "%s.>", Inbox(t.pair, Admin))
	for _, c := range CommandsOf(id) {
		t.subscribe("operators' command "+c.Verb, "%s", CommandSubject(t.pair, "*", id.String(), c.Verb))
	}
	if audits(id) {
		t.publish("what operators had it do", "%s", AuditSubject(t.pair, id.String()))
		t.publish("makes the audit log", "$JS.API.STREAM.CREATE.%s", AuditStream(t.pair))
		t.publish("whether the audit log is there", "$JS.API.STREAM.INFO.%s", AuditStream(t.pair))
	}
}

func operatorRole(o *Options, name string) Role {
	r := Role{Name: OperatorRole(name)}
	t := table{o.Pair, &r}
	for _, c := range Commands {
		t.publish("the command "+c.Verb, "%s", CommandSubject(o.Pair, name, c.Node.String(), c.Verb))
	}
	t.publish("discovery and statistics", "$SRV.>")
	t.publish("whether the audit log is there", "$JS.API.STREAM.INFO.%s", AuditStream(o.Pair))
	t.publish("reads the audit log", "$JS.API.DIRECT.GET.%s", AuditStream(o.Pair))
	t.subscribe("answers", "%s.>", Inbox(o.Pair, r.Name))
	t.subscribe("the nodes' state", "%s", StatusSubject(o.Pair, "*"))
	return r
}

func observerRole(o *Options) Role {
	r := Role{Name: Observer}
	t := table{o.Pair, &r}
	t.subscribe("packets of all links", "hotpair.%s.*.*.*", o.Pair)
	t.subscribe("records of nodes that were started by hand", "hotpair.%s.trace.*", o.Pair)
	t.subscribe("the nodes' state", "%s", StatusSubject(o.Pair, "*"))
	return r
}

// TestSubject is where a tester's requests go, and where the answers to them come from (docs/harness.md).
func TestSubject(pair string) string { return "hotpair." + pair + ".test" }

// TestRecordsSubject is where the records of a pair under test are told, one by one.
func TestRecordsSubject(pair string) string { return "hotpair." + pair + ".test.records" }

func testerRole(o *Options) Role {
	r := Role{Name: Tester}
	t := table{o.Pair, &r}
	t.publish("faults, telephony and judgements", "%s", TestSubject(o.Pair))
	t.subscribe("answers", "%s.>", Inbox(o.Pair, r.Name))
	t.subscribe("records of the run", "%s", TestRecordsSubject(o.Pair))
	return r
}

// MayPublish reports whether the table lets a role publish to a subject, which holds no wildcards.
func (r *Role) MayPublish(subject string) bool { return covers(r.Publish, subject) }

// MaySubscribe reports whether the table lets a role subscribe to a subject, with all that its wildcards stand for.
func (r *Role) MaySubscribe(subject string) bool { return covers(r.Subscribe, subject) }

func covers(rights []Right, subject string) bool {
	for _, right := range rights {
		if matches(strings.Split(right.Subject, "."), strings.Split(subject, ".")) {
			return true
		}
	}
	return false
}

func matches(pattern, subject []string) bool {
	for i, p := range pattern {
		switch {
		case i == len(subject):
			return false
		case p == ">":
			return true
		case subject[i] == ">":
			return false
		case p != "*" && p != subject[i]:
			return false
		}
	}
	return len(pattern) == len(subject)
}
