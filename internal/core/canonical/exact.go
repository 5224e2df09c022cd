package canonical

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// exact refuses a name that is a field's but for its case. encoding/json takes
// such a name for the field, so that {"seq":6,"ſeq":5} would be 5 to this program
// and 6 to a reader that compares bytes. Other unknown names are left to the decoder.
// The names of fields are in small letters, but for those of other people's formats,
// whose readers compare the whole with its encoding.
func exact(data []byte, v any) error {
	typ := reflect.TypeOf(v)
	if typ == nil || plain(data) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return walk(dec, typ)
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// walk reads one value; typ is nil where any name may stand.
func walk(dec *json.Decoder, typ reflect.Type) error {
	for typ != nil && typ.Kind() == reflect.Pointer && !typ.Implements(unmarshaler) {
		typ = typ.Elem()
	}
	if typ != nil && (typ.Implements(unmarshaler) || reflect.PointerTo(typ).Implements(unmarshaler)) {
		typ = nil // it reads itself
	}
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch tok {
	case json.Delim('{'):
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				return err
			}
			inner, err := named(typ, name.(string)) // an object's odd tokens are strings
			if err == nil {
				err = walk(dec, inner)
			}
			if err != nil {
				return err
			}
		}
	case json.Delim('['):
		var inner reflect.Type
		if typ != nil && (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Array) {
			inner = typ.Elem()
		}
		for dec.More() {
			if err := walk(dec, inner); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = dec.Token()
	return err
}

// named is the type of what stands under a name.
func named(typ reflect.Type, name string) (reflect.Type, error) {
	switch {
	case typ == nil:
		return nil, nil
	case typ.Kind() == reflect.Map:
		return typ.Elem(), nil
	case typ.Kind() != reflect.Struct:
		return nil, nil
	}
	fields := fieldsOf(typ)
	if inner, ok := fields[name]; ok {
		return inner, nil
	}
	for want := range fields {
		if strings.EqualFold(want, name) {
			return nil, fmt.Errorf("unknown field %q: want %q, byte for byte", name, want)
		}
	}
	return nil, nil
}

// fieldsOf are the fields of a struct and of those embedded in it, by their names
// in JSON.
func fieldsOf(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || (f.Anonymous && name == "") {
			continue
		}
		if name == "" {
			name = f.Name
		}
		out[name] = f.Type
	}
	return out
}

// plain reports whether no name in the bytes can be taken for another one: none has
// a capital letter, an escape or a character beyond ASCII.
func plain(data []byte) bool {
	inside, odd := false, false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case !inside:
			inside, odd = c == '"', false
		case c == '\\':
			odd = true
			i++
		case c == '"':
			inside = false
			if odd && bytes.HasPrefix(bytes.TrimLeft(data[i+1:], " \t\r\n"), []byte(":")) {
				return false
			}
		case c >= 'A' && c <= 'Z' || c >= 0x80:
			odd = true
		}
	}
	return true
}
