package wire

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/face/cli"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// everywhere are the flags that every command has, which configure the process.
// A new one is added here when the fuzzing below reaches what it sets.
var everywhere = []string{"anchor", "data", "evaluation", "json", "label", "output", "processes", "sandbox", "secrets-key", "time-source", "tsa", "tsa-ca"}

// TestGXP011_NoSettingTurnsTheTrailOff sets everything that a process can be
// configured with to values that could mean "off": a change leaves its events,
// or the process does not start.
func TestGXP011_NoSettingTurnsTheTrailOff(t *testing.T) {
	root := cli.Root(cli.Deps{Env: &console.Env{}})
	var flags []string
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	slices.Sort(flags)
	if d := cmp.Diff(everywhere, flags); d != "" {
		t.Errorf("flags of every command (-known +there):\n%s", d)
	}
	var wholly func(c *cobra.Command)
	wholly = func(c *cobra.Command) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if slices.Contains([]string{"no-audit", "no-ledger", "no-log", "no-events", "audit", "ledger"}, f.Name) {
				t.Errorf("%s has the flag --%s", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			wholly(sub)
		}
	}
	wholly(root)

	typ := reflect.TypeFor[Config]()
	started := 0
	for i := range typ.NumField() {
		for _, value := range hostile(typ.Field(i)) {
			c := Config{Data: t.TempDir(), Build: "test", NoWorker: true}
			reflect.ValueOf(&c).Elem().Field(i).Set(value)
			t.Run(fmt.Sprintf("%s=%v", typ.Field(i).Name, value), func(t *testing.T) {
				if leavesEvents(t, c) {
					started++
				}
			})
		}
	}
	if started < 20 {
		t.Errorf("%d configurations started, want most: the test shows too little", started)
	}
}

// hostile are values of a field that could mean "off".
func hostile(f reflect.StructField) []reflect.Value {
	if f.Name == "Data" || f.Name == "Logger" { // where the ledger is, and what a person sees of it
		return nil
	}
	var out []reflect.Value
	add := func(values ...any) {
		for _, v := range values {
			out = append(out, reflect.ValueOf(v).Convert(f.Type))
		}
	}
	switch f.Type.Kind() {
	case reflect.Bool:
		add(true, false)
	case reflect.Int:
		add(-1, 0, 1<<40)
	case reflect.String:
		add("off", "/dev/null")
	case reflect.Slice:
		add([]string{"off"})
	case reflect.Map:
		add(map[string]string{"AUDIT": "off", "DC_RELEASE_AUDIT": "0"})
	}
	return out
}

// leavesEvents opens an installation, changes something and wants its events;
// false says that it did not start.
func leavesEvents(t *testing.T, c Config) bool {
	o, err := Open(t.Context(), c)
	if err != nil {
		t.Logf("does not start: %v", err)
		return false
	}
	defer func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	before, err := o.Store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := operation.ByAdministrator{As: "admin", Reason: "first"}
	_, err = operation.Ask[person.Added](t.Context(), o, "person.bootstrap", operation.NewPerson{ByAdministrator: by, Login: "admin", Name: "Alma Ravn", Password: "a long password"})
	after, headErr := o.Store.Head(t.Context())
	if headErr != nil {
		t.Fatal(headErr)
	}
	if err == nil && after.Size < before.Size+4 {
		t.Errorf("a change left %d events, want 4", after.Size-before.Size)
	}
	return err == nil
}
