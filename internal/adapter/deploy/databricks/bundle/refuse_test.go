package bundle_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

func TestWhatIsRefused(t *testing.T) {
	const sound = "targets: {t: {}}\n"
	for name, c := range map[string]struct {
		text   string
		more   map[string]string
		option bundle.Options
		want   []string
	}{
		"no YAML":                    {"a: [", nil, bundle.Options{}, []string{"databricks.yml:2:1: error: read YAML: "}},
		"two documents":              {"---\nx: 1\n", nil, bundle.Options{}, []string{"databricks.yml:2:1: error: the file has more than one YAML document"}},
		"a key that stands twice":    {sound + "targets: {}\n", nil, bundle.Options{}, []string{"databricks.yml:3:1: error: key \"targets\" stands twice"}},
		"a number that JSON has not": {"variables: {v: {default: .nan}}\n" + sound, nil, bundle.Options{}, []string{"databricks.yml:2:26: error: \".nan\" is no number of JSON"}},
		"an unknown section":         {sound + "resource: {}\n", nil, bundle.Options{}, []string{"databricks.yml:3:1: warning: unknown field: resource"}},
		"an unknown key of a target": {"targets: {t: {vars: {}}}\n", nil, bundle.Options{}, []string{"databricks.yml:2:15: warning: unknown field: targets.t.vars"}},
		"no such target": {"targets: {a: {}, b: {}}\n", nil, bundle.Options{Target: "dev"}, []string{
			"databricks.yml:2:1: error: dev: no such target (BND000): available targets: a, b",
		}},
		"no default":   {"targets: {a: {}, b: {}}\n", nil, bundle.Options{}, []string{"databricks.yml:2:1: error: no target is the default"}},
		"two defaults": {"targets: {a: {default: true}, b: {default: true}}\n", nil, bundle.Options{}, []string{"databricks.yml:2:31: error: a and b are both the default"}},
		"unknown mode": {"targets: {t: {mode: dev}}\n", nil, bundle.Options{}, []string{"databricks.yml:2:21: error: mode \"dev\" is unknown"}},
		"all variables without value at once": {"variables: {a: {}, b: null, c: {default: 1}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:13: error: no value assigned to required variable a (BND002)",
			"databricks.yml:2:20: error: no value assigned to required variable b (BND002)",
		}},
		"a lookup": {"variables: {a: {lookup: {cluster: c}}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:17: error: variable a is a lookup, which is answered by a workspace and not by the bundle",
		}},
		"a variable that nobody declared": {sound, nil, bundle.Options{Variables: map[string]string{"x": "1"}}, []string{
			"databricks.yml:1:1: error: variable x has not been defined",
		}},
		"a target's variable that nobody declared": {"targets: {t: {variables: {x: 1}}}\n", nil, bundle.Options{}, []string{
			"databricks.yml:2:27: error: variable x is not defined but is assigned a value",
		}},
		"a structure without type": {"variables: {x: {default: [1]}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:26: error: variable x is no text, number or bool",
		}},
		"resources without keys": {"resources: {jobs: [a], pipelines: x}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:19: error: resources.jobs is no mapping", "databricks.yml:2:35: error: resources.pipelines is no mapping",
		}},
		"a key that names more": {"resources: {jobs: {a.b: {name: x}}}\n" + sound, nil, bundle.Options{}, []string{"databricks.yml:2:20: error: resources.jobs.a.b: a key names one resource"}},
		"members of a job that are something else": {"resources: {jobs: {a: {name: x, tasks: {}, schedule: [1], tags: x}}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:40: error: job a: tasks is no list", "databricks.yml:2:54: error: job a: schedule is no mapping", "databricks.yml:2:65: error: job a: tags is no mapping",
		}},
		"the id of a job that is not there": {"resources: {jobs: {a: {name: x, tasks: [{task_key: t, run_job_task: {job_id: \"${resources.jobs.b.id}\"}}]}}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:78: error: reference does not exist: ${resources.jobs.b.id}",
		}},
		"a circle": {"variables: {a: {default: \"${var.b}\"}, b: {default: \"x${var.a}\"}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:26: error: the references lead in a circle: variables.b.value -> variables.a.value -> variables.b.value",
		}},
		"a reference to itself": {"workspace: {root_path: \"${workspace.root_path}/x\"}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:24: error: the references lead in a circle",
		}},
		"a reference within a reference": {"variables: {a: {default: \"${var.${bundle.target}}\"}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:26: error: \"${var.${bundle.target}}\" holds a reference within a reference",
		}},
		"references to nothing": {"variables: {a: {default: \"${var.x} ${bundle.nothing}\"}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:26: error: reference does not exist: ${bundle.nothing}",
			"databricks.yml:2:26: error: reference does not exist: ${var.x}",
		}},
		"a list within a text": {"variables: {a: {type: complex, default: [1]}, b: {default: \"x${var.a}\"}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:60: error: ${var.a} is no text and stands within one",
		}},
		"code that makes resources": {"python: {mutators: [x]}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:1: error: python changes the configuration by running code, which is not read",
		}},
		"an include without file": {"include: [r/*.yml]\n" + sound, nil, bundle.Options{}, []string{"databricks.yml:2:11: error: include \"r/*.yml\" matches no file"}},
		"an include elsewhere":    {"include: [../*.yml]\n" + sound, nil, bundle.Options{}, []string{"databricks.yml:2:11: error: \"../*.yml\" is no pattern of files in the bundle"}},
		"a resource of two files": {
			"include: [r.yml]\nresources: {jobs: {j: {name: n}}}\n" + sound,
			map[string]string{"r.yml": "resources:\n  jobs:\n    j: {name: m}\n"},
			bundle.Options{},
			[]string{"r.yml:3:5: error: resources.jobs.j is defined at databricks.yml:3:20 too"},
		},
		"a job that is none": {"resources: {jobs: {j: 1, k: {}}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:20: error: resources.jobs.j is no mapping",
			"databricks.yml:2:26: error: job k has no name",
		}},
		"a root elsewhere": {"workspace: {root_path: /tmp/x}\n" + sound, nil, bundle.Options{}, []string{"databricks.yml:2:24: error: workspace.root_path \"/tmp/x\" is no path of a workspace"}},
		"the folder of all in mode development": {
			"workspace: {root_path: /Workspace/x}\ntargets: {t: {mode: development}}\n", nil,
			bundle.Options{User: bundle.User{Name: "ada"}},
			[]string{"databricks.yml:2:24: error: root_path of mode development does not hold the name of the user"},
		},
		"a level of jobs": {"permissions: [{user_name: u, level: IS_OWNER}]\nresources: {jobs: {j: {name: n}}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:15: error: level \"IS_OWNER\" is none of a bundle",
		}},
		"a notebook elsewhere": {"resources: {jobs: {j: {name: n, tasks: [{notebook_task: {notebook_path: ../n}}]}}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:73: error: \"../n\" is outside of the bundle",
		}},
		"a wheel that is not built": {"resources: {jobs: {j: {name: n, tasks: [{libraries: [{whl: dist/*.whl}]}]}}}\n" + sound, nil, bundle.Options{}, []string{
			"databricks.yml:2:60: warning: \"dist/*.whl\" matches 0 files, want one",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := file(c.text)
			for name, data := range c.more {
				fsys[name] = &fstest.MapFile{Data: []byte(data)}
			}
			_, found := resolve(fsys, c.option)
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			same(t, got, c.want...)
		})
	}
}

func TestThereIsNoBundle(t *testing.T) {
	b, found := bundle.Load(fstest.MapFS{})
	if b != nil || len(found) != 1 || !strings.Contains(found[0].String(), "there is no databricks.yml") {
		t.Errorf("got %v %v", b, found)
	}
}

// References that multiply end at a limit instead of in memory.
func TestReferencesThatMultiplyAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ first, next string }{
		"texts": {`x`, `"${var.v%[2]d}${var.v%[2]d}${var.v%[2]d}${var.v%[2]d}"`},
		"lists": {`[x]`, `["${var.v%[2]d}", "${var.v%[2]d}", "${var.v%[2]d}", "${var.v%[2]d}"]`},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			fmt.Fprintf(&b, "variables:\n  v0: {type: complex, default: %s}\n", c.first)
			for n := range 40 {
				fmt.Fprintf(&b, "  v%d: {type: complex, default: "+c.next+"}\n", n+1, n) //nolint:govet // the format is a case
			}
			_, found := resolve(file(b.String()+"targets: {t: {}}\n"), bundle.Options{})
			if !bundle.Failed(found) || !strings.Contains(found[0].What, "larger than") {
				t.Errorf("got %v", found)
			}
		})
	}
}

// FuzzLoad: whatever a repository holds, reading ends without a panic, and what
// has no error can be printed.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"testdata/guide/databricks.yml", "testdata/corrected/databricks.yml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("bundle: {name: &a [*a]}\ntargets: {t: }"))
	f.Add([]byte("bundle: {name: b, target: 1}\nvariables: {v: }\ntargets: {t: {variables: {v: {lookup: 1}}}}\nresources: {jobs: {j: {tasks: {a: b}, permissions: 1, tags: [], queue: 1}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"databricks.yml": {Data: data}}
		bundle.Check(fsys, four, "environment")
		b, found := bundle.Load(fsys)
		if b == nil {
			if !bundle.Failed(found) {
				t.Error("no bundle and no error")
			}
			return
		}
		for _, target := range append(b.Targets(), "") {
			r, found := b.Resolve(bundle.Options{Target: target, User: bundle.User{Name: "ada@example.com"}})
			if (r == nil) != bundle.Failed(found) {
				t.Fatalf("resolved %t with %v", r != nil, found)
			}
			if r != nil {
				if len(r.JSON()) == 0 {
					t.Error("no JSON")
				}
				r.Files()
			}
		}
	})
}
