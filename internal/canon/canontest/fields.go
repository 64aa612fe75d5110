// Package canontest checks that the canonical bytes of a node hold its whole state: every field that is changed changes them.
package canontest

import (
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

// Unseen changes each field of what v points to, one at a time, through nested structs and the elements of slices, arrays and maps, and lists
// those that leave the bytes of canonical as they were. Paths in derived, and what is below them, are left out: they follow from the rest.
func Unseen(v any, canonical func() []byte, derived []string) []string {
	w := walker{canonical: canonical, before: canonical(), derived: derived}
	w.walk(reflect.ValueOf(v).Elem(), "")
	return w.unseen
}

type walker struct {
	canonical func() []byte
	before    []byte
	derived   []string
	unseen    []string
}

func (w *walker) walk(v reflect.Value, path string) {
	if slices.Contains(w.derived, path) {
		return
	}
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // unexported fields too
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if path != "" {
				name = path + "." + name
			}
			w.walk(v.Field(i), name)
		}
	case reflect.Array, reflect.Slice:
		if v.Len() == 0 {
			w.unseen = append(w.unseen, path+" is empty: fill it before it is looked at")
			return
		}
		for i := range v.Len() {
			w.walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Map:
		w.entries(v, path)
	case reflect.Pointer:
		if v.IsNil() {
			w.unseen = append(w.unseen, path+" is nil: fill it before it is looked at")
			return
		}
		w.walk(v.Elem(), path)
	default:
		w.change(v, path)
	}
}

// entries takes each entry of a map away, and changes what slices in it hold.
func (w *walker) entries(m reflect.Value, path string) {
	if m.Len() == 0 {
		w.unseen = append(w.unseen, path+" is empty: fill it before it is looked at")
		return
	}
	for _, k := range m.MapKeys() {
		v, at := m.MapIndex(k), fmt.Sprintf("%s[%v]", path, k)
		if v.Kind() == reflect.Slice {
			held := reflect.New(v.Type()).Elem()
			held.Set(v)
			w.walk(held, at)
		}
		m.SetMapIndex(k, reflect.Value{})
		w.look(at)
		m.SetMapIndex(k, v)
	}
}

// look notes what is not seen in the bytes.
func (w *walker) look(path string) {
	if string(w.canonical()) == string(w.before) {
		w.unseen = append(w.unseen, path)
	}
}

// change gives a field another value, looks, and puts it back.
func (w *walker) change(v reflect.Value, path string) {
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.String:
		v.SetString(v.String() + "x")
	default:
		w.unseen = append(w.unseen, path+" cannot be changed by this test")
		return
	}
	w.look(path)
	v.Set(old)
}
