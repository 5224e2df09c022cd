package archtest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/adapter/workflowfile/framework"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/archtest"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
	"github.com/dc-release/dc-release/internal/face/cli"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

var update = flag.Bool("update", false, "write docs/where.md, docs/workflows.md, docs/checks.md, docs/gxp.md and .github/workflows")

// place is an answer to "where do I add": the list that gets a line, with a
// text that must stand in it, what goes with it, and what proves it.
type place struct {
	what, file, line string
	also             []string // files or folders that exist
	proof            []string // files or folders that exist
	have             []string // what the catalog holds
}

func places() []place {
	return []place{
		{
			what: "a gate", file: "internal/core/gate/definition.go", line: "var GxP = []Definition{",
			also:  []string{"internal/core/pipeline/plan.go", "internal/core/gate/facts.go"},
			proof: []string{"internal/core/pipeline/expand_findings_test.go"}, have: names(gate.GxP, func(d gate.Definition) string { return d.Name }),
		},
		{
			what: "a document", file: "internal/core/document/kind.go", line: "var All = []Kind{",
			also:  []string{"internal/core/document/change_record.go"},
			proof: []string{"internal/core/document/testdata", "internal/adapter/render/markdown/testdata", "internal/adapter/render/html/testdata", "internal/adapter/render/pdf/testdata"},
			have:  names(document.All, func(k document.Kind) string { return k.Name }),
		},
		{
			what: "a document check", file: "internal/core/release/note_check.go", line: "var Checks = []document.Check{",
			also:  []string{"internal/core/trace/check.go", "internal/core/document/outline.go", "internal/app/verify/document.go"},
			proof: []string{"internal/core/release/note_test.go", "internal/core/trace/whole_check_test.go", "internal/app/traceability/check_test.go", "internal/archtest/checks_test.go"},
			have:  names(traceability.Checks(), func(c document.Check) string { return c.ID }),
		},
		{
			what: "a deployment target", file: "internal/wire/targets.go", line: "map[string]deploy.Target{",
			also: []string{"internal/core/policy/target.go", "internal/adapter/deploy/localdir", "docs/targets.md"}, proof: []string{"internal/adapter/deploy/deploytest/deploytest.go"}, have: policy.TargetNames(),
		},
		{
			what: "a result format", file: "internal/adapter/testresult/read.go", line: "var formats = []format{",
			also: []string{"internal/adapter/testresult/junit.go"}, proof: []string{"internal/adapter/testresult/testdata"}, have: testresult.Formats(),
		},
		{
			what: "a report about an artifact", file: "internal/core/component/component.go", line: "var readers = []reader{",
			also: []string{"internal/core/component/osv.go", "docs/scans.md"}, proof: []string{"internal/core/component/testdata"}, have: names(component.Kinds(), func(k component.Kind) string { return string(k) }),
		},
		{
			what: "a source of items", file: "internal/adapter/itemfile/itemfile.go", line: "var formats = []format{",
			also: []string{"internal/adapter/itemfile/list.go", "docs/sources.md"}, proof: []string{"internal/adapter/itemfile/testdata"}, have: itemfile.Formats(),
		},
		{
			what: "a command", file: "internal/face/cli/root.go", line: "func commands(d Deps) []*cobra.Command {",
			also: []string{"internal/face/cli/records"}, have: commands(),
		},
		{
			what: "an operation", file: "internal/app/operation/list.go", line: "var All = []Operation{",
			also: []string{"internal/face/cli"}, proof: []string{"internal/archtest/catalog_test.go"},
			have: names(operation.All, func(o operation.Operation) string { return o.Name }),
		},
		{
			what: "an event", file: "internal/core/event/event.go", line: "var All = []ledger.Payload{",
			also: []string{"internal/core/gate/events.go"}, proof: []string{"internal/core/event/testdata"}, have: eventTypes(),
		},
		{
			what: "a role", file: "internal/core/policy/role.go", line: "var Roles = []Role{",
			also: []string{"docs/glossary.md"}, proof: []string{"internal/archtest/where_test.go"}, have: names(policy.Roles, func(r policy.Role) string { return string(r) }),
		},
		{
			what: "a meaning of a signature", file: "internal/core/signature/signature.go", line: "var Meanings = []Definition{",
			also: []string{"docs/glossary.md"}, proof: []string{"internal/core/signature/signature_test.go", "internal/archtest/where_test.go"},
			have: names(signature.Meanings, func(d signature.Definition) string { return string(d.Meaning) }),
		},
		{
			what: "a workflow of the framework", file: "internal/adapter/workflowfile/framework/framework.go", line: "var Names = []string{",
			also: []string{".github/workflows"}, proof: []string{"internal/adapter/workflowfile/framework/framework_test.go"}, have: framework.Names,
		},
		{
			what: "a rule of the house", file: "internal/archtest/rules.go", line: "var Rules = []Rule{",
			proof: []string{"internal/archtest/rules_test.go"}, have: ruleNames(),
		},
	}
}

func TestWhereSaysWhatIsThere(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Where do I add ...\n\nGenerated from the catalogs by `make generate`; a test compares.\n\n")
	for _, p := range places() {
		text, err := os.ReadFile(root(p.file))
		if err != nil || !strings.Contains(string(text), p.line) {
			t.Errorf("%s: %s has no %q (%v)", p.what, p.file, p.line, err)
		}
		for _, path := range append(append([]string{}, p.also...), p.proof...) {
			if _, err := os.Stat(root(path)); err != nil {
				t.Errorf("%s: %v", p.what, err)
			}
		}
		if len(p.have) == 0 {
			t.Errorf("%s: the catalog is empty", p.what)
		}
		fmt.Fprintf(&b, "## %s\n\n- one line in `%s`: `%s`\n- goes with %s\n- proved by %s\n- there are %s\n\n", p.what, p.file, strings.TrimRight(p.line, " {"), code(p.also), code(p.proof), code(p.have))
	}
	same(t, "docs/where.md", []byte(strings.TrimSuffix(b.String(), "\n")))
}

func TestFrameworkWorkflowsAreCopied(t *testing.T) {
	for _, name := range framework.Names {
		same(t, ".github/workflows/"+name, framework.Source(name))
	}
	files, err := filepath.Glob(root(".github/workflows/*"))
	if err != nil || len(files) != len(framework.Names) {
		t.Errorf("%d files in .github/workflows, want %d (%v)", len(files), len(framework.Names), err)
	}
}

func TestTheGlossaryHasEveryRoleAndMeaning(t *testing.T) {
	text, err := os.ReadFile(root("docs/glossary.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range policy.Roles {
		if !strings.Contains(string(text), "`"+string(r)+"`") {
			t.Errorf("role %s is missing", r)
		}
	}
	for _, m := range signature.Meanings {
		if !strings.Contains(string(text), "`"+string(m.Meaning)+"`") || !strings.Contains(string(text), m.Text) {
			t.Errorf("meaning %s is missing, or its text is another", m.Meaning)
		}
	}
}

// same compares a generated file, or writes it.
func same(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(root(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root(path), want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(root(path))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code says: make generate", path)
	}
}

func root(path string) string { return filepath.Join("..", "..", filepath.FromSlash(path)) }

func names[T any](list []T, name func(T) string) []string {
	var out []string
	for _, x := range list {
		out = append(out, name(x))
	}
	return out
}

func eventTypes() []string {
	var out []string
	for _, p := range event.All {
		name, _ := p.EventType()
		out = append(out, name)
	}
	return out
}

func commands() []string {
	var out []string
	for _, c := range cli.Root(cli.Deps{Env: &console.Env{}}).Commands() {
		if !c.Hidden {
			out = append(out, c.Name())
		}
	}
	return out
}

func code(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return "`" + strings.Join(list, "` `") + "`"
}

func ruleNames() []string {
	return names(archtest.Rules, func(r archtest.Rule) string { return r.Name })
}
