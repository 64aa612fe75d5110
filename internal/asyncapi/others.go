package asyncapi

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hotpair/internal/access"
	"hotpair/internal/node"
	"hotpair/internal/operator"
	"hotpair/internal/status"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// noon is when examples happen.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

var (
	tserverExample = status.Status{
		Pair: "pair", Node: wire.A, Inc: 1, Time: noon, Up: 61.5, Carrier: true, Events: 120,
		TServer: &status.TServer{
			Role: "primary", Epoch: 1, CTI: "synchronized", Announced: true, Sync: "tagging", Why: "Full Sync Done (synchronized) is not acknowledged",
			For: 3.2, Tagged: 4,
		},
		Links:  []status.Link{{Peer: wire.B, Up: true, For: 3.2, Ups: 2, Downs: 1}},
		Alarms: []status.Alarm{{Alarm: node.SyncWaits.String(), Peer: wire.B, Text: "in the way: 17@1099511627776", For: 1}},
	}
	recordExample = trace.Record{
		At: 3 * time.Second, Kind: trace.Noted, Node: wire.A, Inc: 1, Index: 42, Note: &node.Note{Kind: node.NoteAnnounced, Text: "R3"},
	}
	entryExample = operator.Entry{
		ID: "Q2OJ6wYTSyRuYIPD2vVCkG", Time: noon, Operator: access.DefaultOperator, Node: wire.MLayer, Inc: 1, Verb: "switchover",
		Args: map[string]string{"force": "true"}, Outcome: operator.Done,
	}
)

// structMessage adds a message whose payload is a struct of ours.
func (b *builder) structMessage(name, summary string, example any) error {
	sample, err := sampleOf(example)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.add(name, summary, structSchema(reflect.TypeOf(example)), sample)
	return nil
}

// operators adds the commands of operators, and their answers.
func (b *builder) operators() error {
	if err := b.structMessage("answer", "What a node says to a command. data is what was asked for: a status, or calls.", operator.Answer{
		Outcome: operator.Refused, Text: "switchover: B has not announced EventLinkConnected",
	}); err != nil {
		return err
	}
	b.channels = append(b.channels, yaml.MapItem{Key: "answers", Value: yaml.MapSlice{
		{Key: "address", Value: nil},
		{Key: "summary", Value: "The reply subject of a command, below the operator's inbox."},
		{Key: "messages", Value: yaml.MapSlice{{Key: "answer", Value: ref("components/messages/answer")}}},
	}})
	for _, c := range access.Commands {
		name := "command." + c.Node.String() + "." + c.Verb
		b.command(name, c)
		b.channel(name, access.CommandSubject("{pair}", "{operator}", c.Node.String(), c.Verb), "Operators' command to "+c.Node.String()+": "+c.Help+".", true, name)
		op := &b.operations[len(b.operations)-1]
		op.Value = append(op.Value.(yaml.MapSlice), yaml.MapItem{Key: "reply", Value: yaml.MapSlice{ //nolint:forcetypeassert // channel made it
			{Key: "channel", Value: ref("channels/answers")},
			{Key: "messages", Value: []yaml.MapSlice{ref("channels/answers/messages/answer")}},
		}})
	}
	return nil
}

// command adds the request of a command.
func (b *builder) command(name string, c access.Command) {
	args, sample := yaml.MapSlice{}, yaml.MapSlice{}
	for _, arg := range c.Args {
		key, values, _ := strings.Cut(arg, "=")
		s := yaml.MapSlice{{Key: "type", Value: "string"}}
		example := map[string]string{"limit": "10", "client": "C1"}[key]
		switch {
		case strings.Contains(values, ".."):
			s = append(s, yaml.MapItem{Key: "description", Value: "From " + strings.Replace(values, "..", " to ", 1) + "."})
		case values != "":
			list := strings.Split(values, "|")
			example = list[0]
			s = append(s, yaml.MapItem{Key: "enum", Value: list})
		}
		if example == "" {
			example = "…"
		}
		args = append(args, yaml.MapItem{Key: key, Value: s})
		sample = append(sample, yaml.MapItem{Key: key, Value: example})
	}
	summary := c.Help + "."
	if c.Changes {
		summary += " It stands in the audit log."
	}
	if len(sample) == 0 {
		b.add(name, summary, object(nil, yaml.MapSlice{{Key: "args", Value: object(nil, args)}}), yaml.MapSlice{})
		return
	}
	b.add(name, summary, object(nil, yaml.MapSlice{{Key: "args", Value: object(nil, args)}}), yaml.MapSlice{{Key: "args", Value: sample}})
}

// rest adds what nodes tell beside their links, and what is NATS's own.
func (b *builder) rest() error {
	service := func(kind string, more map[string]any) any {
		m := map[string]any{
			"name": "hotpair", "id": "ew8PyjpsJVZRGLsKyLTg5b", "version": "1.0.0", "type": "io.nats.micro.v1." + kind + "_response",
			"metadata": map[string]string{"pair": "pair", "node": "A", "incarnation": "1"},
		}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	for _, m := range []struct {
		name, summary string
		need          []string
		example       any
	}{
		{"ping", "Answers $SRV.PING.", nil, service("ping", nil)},
		{"info", "Answers $SRV.INFO: which commands the node takes.", []string{"description", "endpoints"}, service("info", map[string]any{"description": "node A", "endpoints": []any{}})},
		{"stats", "Answers $SRV.STATS: how often they were given, and the node's state.", []string{"started", "endpoints"}, service("stats", map[string]any{"started": noon, "endpoints": []any{}})},
	} {
		sample, err := sampleOf(m.example)
		if err != nil {
			return err
		}
		b.add("service."+m.name, m.summary, serviceSchema(m.name, m.need), sample)
	}
	for _, m := range []struct {
		name, summary string
		example       any
	}{
		{"status", "A node's state.", tserverExample},
		{"record", "A record of a node's trace.", recordExample},
		{"auditEntry", "An entry of the audit log: one with the outcome asked, and one with what became of it.", entryExample},
		{"started", "The incarnation that starts; as an answer, the one that ends because of it.", struct {
			Inc uint64 `json:"inc"`
		}{2}},
	} {
		if err := b.structMessage(m.name, m.summary, m.example); err != nil {
			return err
		}
	}
	b.add("empty", "Nothing.", yaml.MapSlice{{Key: "maxLength", Value: 0}}, nil)
	b.foreign("natsRequest", "A request to NATS itself: see its documentation.", "application/json")
	b.foreign("natsNotice", "NATS tells that a connection has ended: see its documentation.", "application/json")
	b.foreign("testRequest", "A request, or its answer, of a program that drives a pair under test: docs/harness.md.", "application/json")
	b.foreign("value", "What a node keeps: its start number, or a line with the incarnation that wrote it and its durable state behind it.", "text/plain")
	for _, c := range []struct {
		name, address, summary string
		receives               bool
		messages               []string
	}{
		{"status", access.StatusSubject("{pair}", "{node}"), "A node's state, when it has changed, at most ten times a second.", false, []string{"status"}},
		{"trace", "hotpair.{pair}.trace.{node}", "Records of nodes that were started by hand, as far as they arrive.", false, []string{"record"}},
		{"started", "hotpair.{pair}.started.{node}", "A node starts, and tells older processes of its name.", false, []string{"started"}},
		{"audit", access.AuditSubject("{pair}", "{node}"), "What operators had a node do: the stream hotpair_audit_{pair}.", false, []string{"auditEntry"}},
		{"test", access.TestSubject("{pair}"), "A program drives a pair that is under test (docs/harness.md).", true, []string{"testRequest"}},
		{"testRecords", access.TestRecordsSubject("{pair}"), "The records of a pair that is under test.", false, []string{"record"}},
		{"discovery", "$SRV.{verb}", "NATS's service protocol: every node answers.", true, []string{"empty"}},
		{"discoveryByName", "$SRV.{verb}.{name}", "The same, for services of a name.", true, []string{"empty"}},
		{"discoveryById", "$SRV.{verb}.{name}.{id}", "The same, for one node.", true, []string{"empty"}},
		{"inbox", "_INBOX.{pair}.{role}.{token}", "Answers: those of nodes to operators, and those of NATS.", false, []string{"answer", "started", "service.ping", "service.info", "service.stats"}},
		{"inboxOfRequests", "_INBOX.{pair}.{role}.{token}.{request}", "The same, as many NATS libraries name reply subjects.", false, []string{"answer", "started", "service.ping", "service.info", "service.stats"}},
		{"notices", "$SYS.ACCOUNT.{account}.DISCONNECT", "The end of a connection of the pair's account.", true, []string{"natsNotice"}},
		{"keyValue", "$KV.hotpair_{pair}.{node}.{key}", "A node writes its part of the bucket hotpair_{pair}.", false, []string{"value"}},
		{"keyValueGet", "$JS.API.DIRECT.GET.KV_hotpair_{pair}.$KV.hotpair_{pair}.{node}.{key}", "A node reads its part of the bucket.", false, []string{"natsRequest"}},
		{"jetStreamInfo", "$JS.API.INFO", "Whether there is JetStream.", false, []string{"natsRequest"}},
		{"streamInfo", "$JS.API.STREAM.INFO.{token}", "Whether the bucket, or the audit log, is there.", false, []string{"natsRequest"}},
		{"streamCreate", "$JS.API.STREAM.CREATE.{token}", "Makes the bucket, or the audit log.", false, []string{"natsRequest"}},
		{"auditGet", "$JS.API.DIRECT.GET.hotpair_audit_{pair}", "An operator reads the audit log.", false, []string{"natsRequest"}},
		{"kick", "$SYS.REQ.SERVER.{server}.KICK", "The Management Layer has a connection closed.", false, []string{"natsRequest"}},
		{"mayKick", "$SYS.REQ.SERVER.{server}.IDZ", "Whether it may.", false, []string{"natsRequest"}},
	} {
		b.channel(c.name, c.address, c.summary, c.receives, c.messages...)
	}
	return nil
}

// foreign adds a message that is not ours to describe.
func (b *builder) foreign(name, summary, contentType string) {
	b.messages = append(b.messages, yaml.MapItem{Key: name, Value: yaml.MapSlice{
		{Key: "name", Value: name}, {Key: "summary", Value: summary}, {Key: "contentType", Value: contentType}, {Key: "payload", Value: yaml.MapSlice{}},
	}})
}

// serviceSchema is that of an answer of NATS's service protocol.
func serviceSchema(name string, need []string) yaml.MapSlice {
	text := yaml.MapSlice{{Key: "type", Value: "string"}}
	properties := yaml.MapSlice{
		{Key: "type", Value: constant("io.nats.micro.v1." + name + "_response")},
		{Key: "name", Value: constant("hotpair")},
		{Key: "id", Value: text},
		{Key: "version", Value: text},
		{Key: "metadata", Value: yaml.MapSlice{{Key: "type", Value: "object"}, {Key: "additionalProperties", Value: text}}},
	}
	for _, n := range need {
		s := text
		if n == "endpoints" {
			s = yaml.MapSlice{{Key: "type", Value: "array"}}
		}
		properties = append(properties, yaml.MapItem{Key: n, Value: s})
	}
	return object(append([]string{"type", "name", "id", "version", "metadata"}, need...), properties)
}
