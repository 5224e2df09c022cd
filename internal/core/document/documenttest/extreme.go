package documenttest

import (
	"reflect"
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Empty is the least that a document can be made of: a first release of which
// nothing is known yet.
func Empty() document.Facts {
	return document.Facts{
		Schema: document.FactsSchema, FrozenAt: at(8, 0, 0),
		Tool:         document.Tool{Name: "dc-release"},
		Product:      document.Product{Key: "corp-procurement"},
		Release:      document.Release{Version: "0.1.0", Tag: "0.1.0", Commit: commit("first"), State: "running"},
		Previous:     document.Previous{First: true},
		Policy:       document.Policy{Profile: "gxp"},
		Environments: []document.Environment{{Name: "tst"}},
		Rollback:     document.Rollback{Reason: "first release"},
	}
}

// Attacks are the texts that Hostile puts everywhere.
var Attacks = []string{
	"<script>alert(1)</script>",
	"\"><img src=x onerror=alert(1)>",
	"| a | b |\n|---|---|",
	"# heading\n\n[x](javascript:alert(1)) ![i](http://evil.example/t.png)",
	"```\n</code></pre><h1>out",
	"*a* _b_ ~~c~~ `d` <http://e.example> &lt;f&gt; www.g.example",
	"\u202eesrever\u202c \u200b\u2066x\u2069 \x00\x07 \x1b[31mred",
	"1. one\n- two\n+ three\n=== \n---\n> quote",
	"Ω ≥ → København 🚀 \\ \\| $x$ [^1] :tada: @ada #1",
	"javascript:alert(1)",
}

// Hostile is the typical release with an attack in every text that people or
// files can put there, in EVALUATION mode. What Facts.Check demands stays.
func Hostile() document.Facts {
	f := Emergency()
	f.Evaluation = "sandbox is none"
	f.Rollback.RehearsedAt = at(12, 40, 0)
	n := 0
	poison(reflect.ValueOf(&f).Elem(), &n)
	return f
}

// keep are the fields whose form is fixed by the schema.
var keep = []string{
	"Schema", "FrozenAt", "At", "OpenedAt", "SatisfiedAt", "ConsumedAt", "QueuedAt", "StartedAt", "EndedAt", "ReceivedAt", "RehearsedAt",
	"Binding", "Decision", "Meaning", "Roles", "Role", "State", "Profile", "Verification", "Environment", "Outcome", "Conclusion", "Key", "Version", "Uncounted",
	"AskedAt", "Expires", "From", "Until", "Since", "By", "Disposition", "Job",
}

func poison(v reflect.Value, n *int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			named := v.Type() == reflect.TypeFor[document.Gate]() || v.Type() == reflect.TypeFor[document.Environment]()
			if slices.Contains(keep, field.Name) || named && field.Name == "Name" {
				continue
			}
			poison(v.Field(i), n)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), n)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(v.String() + " " + Attacks[*n%len(Attacks)])
		*n++
	}
}
