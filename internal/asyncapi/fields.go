package asyncapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"hotpair/internal/link"
	"hotpair/internal/wire"
)

// fields are the schemas of a message's fields, by name.
type fields map[string]yaml.MapSlice

// newFields reads fields.yaml, and adds what follows from the Go types.
func newFields() (fields, error) {
	told := map[string]yaml.MapSlice{}
	if err := yaml.UnmarshalWithOptions(fieldsYAML, &told, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("fields.yaml: %w", err)
	}
	all := fields{}
	t := reflect.TypeFor[wire.Message]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "kind" {
			continue
		}
		own, ok := told[name]
		if !ok {
			return nil, fmt.Errorf("fields.yaml does not say what the field %s of a message means", name)
		}
		delete(told, name)
		s, err := schemaOf(t.Field(i).Type, own)
		if err != nil {
			return nil, fmt.Errorf("fields.yaml: %s: %w", name, err)
		}
		all[name] = s
	}
	for _, name := range sortedKeys(told) {
		return nil, fmt.Errorf("fields.yaml speaks of %s, and a message has no such field", name)
	}
	return all, nil
}

// schemaOf puts to what is told what follows from the type.
func schemaOf(t reflect.Type, told yaml.MapSlice) (yaml.MapSlice, error) {
	var s yaml.MapSlice
	add := func(key string, value any) {
		if !slices.ContainsFunc(told, func(i yaml.MapItem) bool { return i.Key == key }) {
			s = append(s, yaml.MapItem{Key: key, Value: value})
		}
	}
	isText := reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextMarshaler]())
	switch {
	case t.Kind() == reflect.Uint8 && isText:
		names := enumeration(t)
		add("type", "string")
		add("enum", names)
		add("examples", names[:1])
	case t.Kind() == reflect.Bool:
		add("type", "boolean")
		add("examples", []bool{true})
	case t.Kind() == reflect.String && !isText:
		add("type", "string")
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 && !isText:
		add("type", "integer")
		add("minimum", 1)
	}
	s = append(s, told...)
	for _, want := range []string{"type", "description", "examples"} {
		if !slices.ContainsFunc(s, func(i yaml.MapItem) bool { return i.Key == want }) {
			return nil, fmt.Errorf("it needs %s", want)
		}
	}
	return s, nil
}

// enumeration returns the names of an enumeration's values, from 1 on.
func enumeration(t reflect.Type) (names []string) {
	for n := uint64(1); n < 256; n++ {
		v := reflect.New(t).Elem()
		v.SetUint(n)
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil || len(text) == 0 || strings.HasPrefix(string(text), "unknown") {
			return names
		}
		names = append(names, string(text))
	}
	return names
}

// exampleOf returns one of a schema's examples, the last one if there are not so many.
func exampleOf(s yaml.MapSlice, try int) any {
	for _, item := range s {
		if item.Key == "examples" {
			list := reflect.ValueOf(item.Value)
			return list.Index(min(try, list.Len()-1)).Interface()
		}
	}
	panic("asyncapi: a schema without an example")
}

// withVersion completes an example of a packet with the version that its message needs, and sees that it is one that nodes read.
func withVersion(packet, msg yaml.MapSlice, from, to wire.ID) (yaml.MapSlice, error) {
	data, err := json.Marshal(toMap(msg))
	if err != nil {
		return nil, err
	}
	var m wire.Message
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, err
	}
	if v := m.Needs(); v > 1 {
		packet = append(packet, yaml.MapItem{Key: "ver", Value: v})
	}
	packet = append(packet, yaml.MapItem{Key: "msg", Value: msg})
	if data, err = json.Marshal(toMap(packet)); err == nil {
		_, err = link.DecodeInto(&m, data, from, to, wire.MaxVersion)
	}
	return packet, err
}

// toMap makes of ordered maps what encoding/json takes.
func toMap(v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		m := map[string]any{}
		for _, item := range v {
			m[item.Key.(string)] = toMap(item.Value) //nolint:forcetypeassert // keys are text
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = toMap(v[i])
		}
		return list
	}
	return v
}
