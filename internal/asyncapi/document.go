package asyncapi

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"hotpair/internal/access"
	"hotpair/internal/wire"
)

//go:embed base.yaml
var baseYAML []byte

//go:embed fields.yaml
var fieldsYAML []byte

// base is base.yaml.
type base struct {
	Info        yaml.MapSlice            `yaml:"info"`
	ContentType string                   `yaml:"defaultContentType"`
	Servers     yaml.MapSlice            `yaml:"servers"`
	Packet      map[string]yaml.MapSlice `yaml:"packet"`
	Packets     map[string]struct {
		Need    []string `yaml:"need"`
		May     []string `yaml:"may"`
		Summary string   `yaml:"summary"`
	} `yaml:"packets"`
}

// header are the fields of a packet, in their order.
var header = []string{"pkt", "fromInc", "toInc", "session", "seq", "idx", "conn", "addp", "ver"}

// packetOrder are the packets without a message, in the order of a session.
var packetOrder = []string{"knock", "hello", "helloAck", "confirm", "poll", "pollAck", "reset", "bye"}

// direction is a channel of packets.
type direction struct {
	name, address, summary string
	from, to               wire.ID // that stand for all
	receives               bool    // the application that is described is the pair
}

var directions = []direction{
	{"fromClient", "hotpair.{pair}.client.{client}.{tserver}", "What a client says to a T-Server.", wire.Client(1), wire.A, true},
	{"toClient", "hotpair.{pair}.client.{tserver}.{client}", "What a T-Server says to a client.", wire.A, wire.Client(1), false},
	{"toSwitch", "hotpair.{pair}.cti.{tserver}.S", "What a T-Server says to the switch (CTI link).", wire.A, wire.Switch, false},
	{"fromSwitch", "hotpair.{pair}.cti.S.{tserver}", "What the switch says to a T-Server (CTI link).", wire.Switch, wire.A, false},
	{"fromAToB", "hotpair.{pair}.ha.A.B", "What A says to B (HA link).", wire.A, wire.B, false},
	{"fromBToA", "hotpair.{pair}.ha.B.A", "What B says to A (HA link).", wire.B, wire.A, false},
	{"toManagementLayer", "hotpair.{pair}.control.{tserver}.M", "What a T-Server says to the Management Layer (control link).", wire.A, wire.MLayer, false},
	{"fromManagementLayer", "hotpair.{pair}.control.M.{tserver}", "What the Management Layer says to a T-Server (control link).", wire.MLayer, wire.A, false},
}

// parameters that stand in addresses.
var parameters = map[string]yaml.MapSlice{
	"pair":     {{Key: "description", Value: "The pair's name."}, {Key: "default", Value: "pair"}},
	"client":   {{Key: "description", Value: "A client: C1, C2, …"}, {Key: "examples", Value: []string{"C1", "C2"}}},
	"tserver":  {{Key: "description", Value: "A T-Server."}, {Key: "enum", Value: []string{"A", "B"}}},
	"node":     {{Key: "description", Value: "A node: S, A, B, M, or a client."}, {Key: "examples", Value: []string{"S", "A", "B", "M", "C1"}}},
	"operator": {{Key: "description", Value: "The operator's own name."}, {Key: "default", Value: access.DefaultOperator}},
	"role":     {{Key: "description", Value: "A role: a node, operator-NAME, admin or system."}, {Key: "examples", Value: []string{"C1", "operator-local"}}},
	"request":  {{Key: "description", Value: "A token of the request."}},
	"token":    {{Key: "description", Value: "Any token."}},
	"account":  {{Key: "description", Value: "An account of the NATS server."}, {Key: "default", Value: "HOTPAIR"}},
	"server":   {{Key: "description", Value: "The NATS server's id."}},
	"name":     {{Key: "description", Value: "The service's name."}, {Key: "default", Value: "hotpair"}},
	"id":       {{Key: "description", Value: "The service's id, from the answer to PING."}},
	"key":      {{Key: "description", Value: "inc counts starts, state is durable state."}, {Key: "examples", Value: []string{"inc", "state"}}},
	"verb":     {{Key: "description", Value: "What is asked for."}, {Key: "enum", Value: []string{"PING", "INFO", "STATS"}}},
}

// builder puts the document together.
type builder struct {
	base       base
	fields     fields
	docs       map[string]string // of kinds, by their name
	channels   yaml.MapSlice
	operations yaml.MapSlice
	messages   yaml.MapSlice
	schemas    yaml.MapSlice
	has        map[string]bool // messages
}

// Document writes the description. docs are the comments at the kinds of messages.
func Document(docs map[string]string) ([]byte, error) {
	b := &builder{docs: docs, has: map[string]bool{}}
	if err := yaml.UnmarshalWithOptions(baseYAML, &b.base, yaml.Strict(), yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("base.yaml: %w", err)
	}
	var err error
	if b.fields, err = newFields(); err != nil {
		return nil, err
	}
	for _, name := range wire.FieldNames() {
		b.schemas = append(b.schemas, yaml.MapItem{Key: name, Value: b.fields[name]})
	}
	for _, name := range header {
		b.schemas = append(b.schemas, yaml.MapItem{Key: "packet." + name, Value: b.base.Packet[name]})
	}
	if err := b.links(); err != nil {
		return nil, err
	}
	if err := b.others(); err != nil {
		return nil, err
	}
	var params yaml.MapSlice
	for _, name := range sortedKeys(parameters) {
		params = append(params, yaml.MapItem{Key: name, Value: parameters[name]})
	}
	doc := yaml.MapSlice{
		{Key: "asyncapi", Value: "3.0.0"},
		{Key: "info", Value: b.base.Info},
		{Key: "defaultContentType", Value: b.base.ContentType},
		{Key: "servers", Value: b.base.Servers},
		{Key: "channels", Value: b.channels},
		{Key: "operations", Value: b.operations},
		{Key: "components", Value: yaml.MapSlice{{Key: "parameters", Value: params}, {Key: "messages", Value: b.messages}, {Key: "schemas", Value: b.schemas}}},
	}
	text, err := yaml.MarshalWithOptions(doc, yaml.Indent(2), yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
	if err != nil {
		return nil, err
	}
	return append([]byte("# Written by HOTPAIR_UPDATE=1 go test ./internal/asyncapi; a test holds it to the program, and real traffic to it.\n"), text...), nil
}

func ref(path string) yaml.MapSlice { return yaml.MapSlice{{Key: "$ref", Value: "#/" + path}} }

// links adds the channels of packets.
func (b *builder) links() error {
	for _, d := range directions {
		var names []string
		for _, p := range packetOrder {
			b.packet(p)
			names = append(names, p)
		}
		for _, k := range wire.KindsBetween(d.from, d.to) {
			if err := b.message(k, d.from, d.to); err != nil {
				return err
			}
			names = append(names, k.String())
		}
		b.channel(d.name, d.address, d.summary, d.receives, names...)
	}
	return nil
}

// channel adds a channel and its operation.
func (b *builder) channel(name, address, summary string, receives bool, messages ...string) {
	var list yaml.MapSlice
	for _, m := range messages {
		list = append(list, yaml.MapItem{Key: m, Value: ref("components/messages/" + m)})
	}
	c := yaml.MapSlice{{Key: "address", Value: address}, {Key: "summary", Value: summary}}
	if p := parametersOf(address); len(p) > 0 {
		c = append(c, yaml.MapItem{Key: "parameters", Value: p})
	}
	b.channels = append(b.channels, yaml.MapItem{Key: name, Value: append(c, yaml.MapItem{Key: "messages", Value: list})})
	action := "send"
	if receives {
		action = "receive"
	}
	b.operations = append(b.operations, yaml.MapItem{Key: name, Value: yaml.MapSlice{{Key: "action", Value: action}, {Key: "channel", Value: ref("channels/" + name)}}})
}

func parametersOf(address string) (list yaml.MapSlice) {
	for _, part := range strings.Split(address, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		if !slices.ContainsFunc(list, func(i yaml.MapItem) bool { return i.Key == name }) {
			list = append(list, yaml.MapItem{Key: name, Value: ref("components/parameters/" + name)})
		}
	}
	return list
}

// object is a schema of an object without other properties than these.
func object(need []string, properties yaml.MapSlice) yaml.MapSlice {
	s := yaml.MapSlice{{Key: "type", Value: "object"}}
	if len(need) > 0 {
		s = append(s, yaml.MapItem{Key: "required", Value: need})
	}
	return append(s, yaml.MapItem{Key: "properties", Value: properties}, yaml.MapItem{Key: "additionalProperties", Value: false})
}

func constant(value string) yaml.MapSlice {
	return yaml.MapSlice{{Key: "type", Value: "string"}, {Key: "const", Value: value}}
}

// add adds a message, once.
func (b *builder) add(name, summary string, payload yaml.MapSlice, example any) {
	if b.has[name] {
		return
	}
	b.has[name] = true
	m := yaml.MapSlice{{Key: "name", Value: name}, {Key: "summary", Value: summary}, {Key: "payload", Value: payload}}
	if example != nil {
		m = append(m, yaml.MapItem{Key: "examples", Value: []yaml.MapSlice{{{Key: "payload", Value: example}}}})
	}
	b.messages = append(b.messages, yaml.MapItem{Key: name, Value: m})
}

// packet adds a packet without a message.
func (b *builder) packet(name string) {
	p := b.base.Packets[name]
	properties, example := yaml.MapSlice{{Key: "pkt", Value: constant(name)}}, yaml.MapSlice{{Key: "pkt", Value: name}}
	for _, field := range header {
		if slices.Contains(p.Need, field) || slices.Contains(p.May, field) {
			properties = append(properties, yaml.MapItem{Key: field, Value: ref("components/schemas/packet." + field)})
			example = append(example, yaml.MapItem{Key: field, Value: exampleOf(b.base.Packet[field], 0)})
		}
	}
	b.add(name, p.Summary, object(append([]string{"pkt"}, p.Need...), properties), example)
}

// message adds the packet that carries a message of a kind.
func (b *builder) message(k wire.Kind, from, to wire.ID) error {
	doc, ok := b.docs[k.String()]
	if !ok {
		return fmt.Errorf("kind %s has no comment in internal/wire/kind.go", k)
	}
	need, may := k.Shape()
	properties := yaml.MapSlice{{Key: "kind", Value: constant(k.String())}}
	for _, name := range wire.FieldNames() {
		if slices.Contains(need, name) || slices.Contains(may, name) {
			properties = append(properties, yaml.MapItem{Key: name, Value: ref("components/schemas/" + name)})
		}
	}
	msg := object(append([]string{"kind"}, need...), properties)
	packet := yaml.MapSlice{{Key: "pkt", Value: constant("data")}}
	for _, field := range dataFields {
		packet = append(packet, yaml.MapItem{Key: field, Value: ref("components/schemas/packet." + field)})
	}
	packet = append(packet, yaml.MapItem{Key: "msg", Value: msg})
	sample, err := b.exampleOfKind(k, from, to)
	if err != nil {
		return fmt.Errorf("%s: its example: %w", k, err)
	}
	b.add(k.String(), doc, object([]string{"pkt", "fromInc", "toInc", "session", "seq", "msg"}, packet), sample)
	return nil
}

// dataFields are the fields of a packet with a message.
var dataFields = []string{"fromInc", "toInc", "session", "seq", "idx", "ver"}

// exampleOfKind puts an example together of those of the fields: of the first ones, or, if nodes would not read that, of the next.
func (b *builder) exampleOfKind(k wire.Kind, from, to wire.ID) (packet yaml.MapSlice, err error) {
	need, may := k.Shape()
	for try := range 3 {
		msg := yaml.MapSlice{{Key: "kind", Value: k.String()}}
		for _, name := range wire.FieldNames() {
			if slices.Contains(need, name) || slices.Contains(may, name) {
				msg = append(msg, yaml.MapItem{Key: name, Value: exampleOf(b.fields[name], try)})
			}
		}
		packet = yaml.MapSlice{{Key: "pkt", Value: "data"}}
		for _, field := range dataFields {
			if field != "ver" {
				packet = append(packet, yaml.MapItem{Key: field, Value: exampleOf(b.base.Packet[field], 0)})
			}
		}
		if packet, err = withVersion(packet, msg, from, to); err == nil {
			return packet, nil
		}
	}
	return packet, err
}

// others adds what is no packet.
func (b *builder) others() error {
	if err := b.operators(); err != nil {
		return err
	}
	return b.rest()
}

// sortedKeys returns the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
