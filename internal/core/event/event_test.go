package event_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// update writes the fixtures that are missing. One that exists is never
// written again: data of that form may be in somebody's ledger.
var update = flag.Bool("update", false, "write fixtures of new event types")

func fixture(p ledger.Payload) string {
	name, version := p.EventType()
	return filepath.Join("testdata", fmt.Sprintf("%s-v%d.json", name, version))
}

func TestGXP005_EveryTypeReadsItsFixtureForEver(t *testing.T) {
	for _, p := range event.All {
		name, version := p.EventType()
		t.Run(fmt.Sprintf("%s v%d", name, version), func(t *testing.T) {
			want := reflect.New(reflect.TypeOf(p).Elem())
			fill(t, want.Elem(), name)
			path := fixture(p)
			data, err := os.ReadFile(path)
			if os.IsNotExist(err) && *update {
				data = write(t, path, want.Interface())
			} else if err != nil {
				t.Fatalf("read fixture: %v (a new type: go test ./internal/core/event -update)", err)
			}
			got, err := event.Decode(name, version, data)
			if err != nil {
				t.Fatalf("the struct changed: give it a new type version and keep the old one: %v", err)
			}
			if old, ok := want.Interface().(event.Upcaster); ok {
				if diff := cmp.Diff(any(old.Upcast()), any(got)); diff != "" {
					t.Errorf("the old version is not read as the new one:\n%s", diff)
				}
				return
			}
			if diff := cmp.Diff(want.Interface(), any(got)); diff != "" {
				t.Errorf("the struct changed: give it a new type version and keep the old one (-filled +fixture):\n%s", diff)
			}
			again, err := canonical.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != string(data) {
				t.Errorf("encoded again it differs:\n%s\n%s", again, data)
			}
		})
	}
}

func TestNoFixtureIsWithoutItsType(t *testing.T) {
	listed := map[string]bool{}
	for _, p := range event.All {
		if path := fixture(p); listed[path] {
			t.Errorf("%s is listed twice", path)
		} else {
			listed[path] = true
		}
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("fixtures: %d, %v", len(files), err)
	}
	for _, f := range files {
		if !listed[f] {
			t.Errorf("%s has no type in event.All: a stored event would be unreadable", f)
		}
	}
}

func TestUnknownEventsAreNotRead(t *testing.T) {
	for _, c := range []struct {
		name, body string
		version    int
	}{
		{"a type that does not exist", `{}`, 1},
		{"gate.closed", `{"gate":"pre_val","missing":[]}`, 2},
		{"gate.closed", `{"gate":"pre_val","missing":[],"surprise":1}`, 1},
		{"gate.closed", `{"missing":[],"gate":"pre_val"}`, 1},
	} {
		if _, err := event.Decode(c.name, c.version, []byte(c.body)); err == nil {
			t.Errorf("%s v%d %s: decoded", c.name, c.version, c.body)
		}
	}
}

// fill sets every field to something that is not its zero value, the same at
// every run.
func fill(t *testing.T, v reflect.Value, name string) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(len(name)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(t, v.Index(i), fmt.Sprintf("%s %d", name, i+1))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, name+" key")
		fill(t, value, name+" value")
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if tag == "-" || (!f.IsExported() && !f.Anonymous) {
				t.Fatalf("%s: field %s is not stored", v.Type(), f.Name)
			}
			if tag == "" && !f.Anonymous {
				t.Errorf("%s: field %s has no json name", v.Type(), f.Name)
			}
			fill(t, v.Field(i), tag)
		}
	default:
		t.Fatalf("%s: %s cannot stand in an event", name, v.Type())
	}
}

func write(t *testing.T, path string, v any) []byte {
	t.Helper()
	data, err := canonical.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return data
}
