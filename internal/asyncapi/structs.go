package asyncapi

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// structSchema is the schema of a struct as encoding/json writes it: fields that may be left out are not required, and there are no others.
func structSchema(t reflect.Type) yaml.MapSlice {
	var need []string
	var properties yaml.MapSlice
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		properties = append(properties, yaml.MapItem{Key: name, Value: typeSchema(f.Type)})
		if !strings.Contains(options, "omit") {
			need = append(need, name)
		}
	}
	return object(need, properties)
}

func typeSchema(t reflect.Type) yaml.MapSlice {
	one := func(name string) yaml.MapSlice { return yaml.MapSlice{{Key: "type", Value: name}} }
	if t.Kind() == reflect.Pointer {
		return typeSchema(t.Elem())
	}
	p := reflect.PointerTo(t)
	switch {
	case t == reflect.TypeFor[time.Time]():
		return yaml.MapSlice{{Key: "type", Value: "string"}, {Key: "format", Value: "date-time"}}
	case p.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && t.Kind() == reflect.Uint8:
		return yaml.MapSlice{{Key: "type", Value: "string"}, {Key: "enum", Value: enumeration(t)}}
	case p.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return one("string")
	case p.Implements(reflect.TypeFor[json.Marshaler]()):
		return yaml.MapSlice{}
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t)
	case reflect.Map:
		return yaml.MapSlice{{Key: "type", Value: "object"}, {Key: "additionalProperties", Value: typeSchema(t.Elem())}}
	case reflect.Slice:
		return yaml.MapSlice{{Key: "type", Value: "array"}, {Key: "items", Value: typeSchema(t.Elem())}}
	case reflect.Bool:
		return one("boolean")
	case reflect.String:
		return one("string")
	case reflect.Float32, reflect.Float64:
		return one("number")
	}
	return one("integer")
}

// sampleOf is an example as it stands in JSON.
func sampleOf(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var sample yaml.MapSlice
	err = yaml.UnmarshalWithOptions(data, &sample, yaml.UseOrderedMap())
	return sample, err
}
