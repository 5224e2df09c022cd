package archtest_test

import (
	"slices"
	"testing"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/event"
)

func TestEveryMutatingOperationListsEventsThatExist(t *testing.T) {
	var types []string
	for _, p := range event.All {
		name, _ := p.EventType()
		types = append(types, name)
	}
	if len(operation.All) == 0 || len(types) == 0 {
		t.Fatal("a catalog is empty")
	}
	seen := map[string]bool{}
	for _, o := range operation.All {
		if seen[o.Name] {
			t.Errorf("operation %s is listed twice", o.Name)
		}
		seen[o.Name] = true
		if o.Mutating == (len(o.Events) == 0) {
			t.Errorf("operation %s: mutating is %t and it lists %d events", o.Name, o.Mutating, len(o.Events))
		}
		for _, e := range o.Events {
			if !slices.Contains(types, e) {
				t.Errorf("operation %s: event %q is not in event.All", o.Name, e)
			}
		}
	}
}
