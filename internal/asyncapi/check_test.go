package asyncapi

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// description is docs/asyncapi.yaml, to hold traffic against.
type description struct {
	channels []*channel
	messages map[string]*message
}

type channel struct {
	name     string
	address  *regexp.Regexp
	messages map[string]*message
}

type message struct {
	schema   *jsonschema.Schema
	isJSON   bool
	examples []any
}

// load reads the file with libraries only: what it says, and not what the program meant.
func load(t *testing.T) *description {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	data, err := yaml.YAMLToJSON(text)
	require.NoError(t, err)
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	require.NoError(t, compiler.AddResource("asyncapi.json", raw))
	doc := raw.(map[string]any)
	d := &description{messages: map[string]*message{}}
	for name, v := range doc["components"].(map[string]any)["messages"].(map[string]any) {
		m := &message{isJSON: true}
		if kind, ok := v.(map[string]any)["contentType"]; ok {
			m.isJSON = kind == "application/json"
		}
		m.schema, err = compiler.Compile("asyncapi.json#/components/messages/" + name + "/payload")
		require.NoError(t, err, name)
		if list, ok := v.(map[string]any)["examples"].([]any); ok {
			for _, e := range list {
				m.examples = append(m.examples, e.(map[string]any)["payload"])
			}
		}
		d.messages[name] = m
	}
	for name, v := range doc["channels"].(map[string]any) {
		c := &channel{name: name, messages: map[string]*message{}}
		address, ok := v.(map[string]any)["address"].(string)
		if !ok {
			continue // of replies
		}
		parameters := doc["components"].(map[string]any)["parameters"].(map[string]any)
		c.address = regexp.MustCompile("^" + pattern(address, parameters) + "$")
		for id, ref := range v.(map[string]any)["messages"].(map[string]any) {
			path := ref.(map[string]any)["$ref"].(string)
			c.messages[id] = d.messages[strings.TrimPrefix(path, "#/components/messages/")]
			require.NotNil(t, c.messages[id], path)
		}
		d.channels = append(d.channels, c)
	}
	return d
}

// pattern makes a regular expression of an address. {client} is C and a number, as its examples show.
func pattern(address string, parameters map[string]any) string {
	p := regexp.QuoteMeta(address)
	for name, v := range parameters {
		one := `[^.]+`
		if enum, ok := v.(map[string]any)["enum"].([]any); ok {
			var values []string
			for _, e := range enum {
				values = append(values, regexp.QuoteMeta(e.(string)))
			}
			one = "(" + strings.Join(values, "|") + ")"
		}
		if name == "client" {
			one = `C[1-9]\d*`
		}
		p = strings.ReplaceAll(p, `\{`+name+`\}`, one)
	}
	return p
}

func (d *description) channelOf(subject string) *channel {
	for _, c := range d.channels {
		if c.address.MatchString(subject) {
			return c
		}
	}
	return nil
}

// check holds a payload against the channel of its subject: it is one of the channel's messages.
func (d *description) check(subject string, payload []byte) error {
	_, err := d.identify(subject, payload)
	return err
}

// identify returns which of a channel's messages it is.
func (d *description) identify(subject string, payload []byte) (string, error) {
	c := d.channelOf(subject)
	if c == nil {
		return "", fmt.Errorf("no channel has the subject %s", subject)
	}
	var value any
	var noJSON error
	if len(payload) == 0 {
		value = "" // no payload
	} else {
		value, noJSON = jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	}
	why := noJSON
	for name, m := range c.messages {
		if !m.isJSON {
			return name, nil
		}
		if noJSON != nil {
			continue
		}
		err := m.schema.Validate(value)
		if err == nil {
			return name, nil
		}
		if why == nil || strings.Contains(why.Error(), "/pkt'") || strings.Contains(why.Error(), "/msg/kind'") {
			why = err
		}
	}
	return "", fmt.Errorf("%s: the payload is none of channel %s: %.200s\n%w", subject, c.name, payload, why)
}
