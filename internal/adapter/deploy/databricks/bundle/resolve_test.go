package bundle_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

var update = flag.Bool("update", false, "write the golden files")

var options = bundle.Options{
	Host: "https://workspace.example.com",
	User: bundle.User{Name: "ada@example.com", Display: "Ada"},
	Git:  bundle.Git{Branch: "main", Commit: strings.Repeat("c0ffee00", 5), Origin: "https://git.example.com/corp-procurement.git", Path: "."},
}

func TestTheCorrectedBundleResolves(t *testing.T) {
	b, found := bundle.Load(os.DirFS("testdata/corrected"))
	if len(found) > 0 {
		t.Fatal(found)
	}
	if want := []string{"dev", "development", "prd", "tst", "val"}; !slices.Equal(b.Targets(), want) {
		t.Fatalf("targets %q, want %q", b.Targets(), want)
	}
	for _, target := range b.Targets() {
		t.Run(target, func(t *testing.T) {
			o := options
			o.Target = target
			r, found := b.Resolve(o)
			if len(found) > 0 {
				t.Fatal(found)
			}
			golden(t, "testdata/corrected-"+target+".json", r.JSON())
			files, found := r.Files()
			want := []string{"databricks.yml", "dist/etl-1.2.0-py3-none-any.whl", "locks/databricks/requirements.txt", "resources/main.yml", "src/etl.py"}
			if len(found) > 0 || !slices.Equal(files, want) {
				t.Errorf("files %q, %v", files, found)
			}
			if want := []string{"dist/etl-1.2.0-py3-none-any.whl"}; !slices.Equal(r.Wheels(), want) {
				t.Errorf("wheels %q", r.Wheels())
			}
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s", name, cmp.Diff(string(want), string(got)))
	}
}

// file is a bundle of one file.
func file(text string) fstest.MapFS {
	return fstest.MapFS{"databricks.yml": {Data: []byte("bundle: {name: b}\n" + text)}}
}

func resolve(fsys fstest.MapFS, o bundle.Options) (*bundle.Resolved, []bundle.Finding) {
	b, found := bundle.Load(fsys)
	if b == nil {
		return nil, found
	}
	r, more := b.Resolve(o)
	return r, append(found, more...)
}

func TestValuesOfVariables(t *testing.T) {
	const text = `variables: {v: {default: written}}
resources: {jobs: {j: {name: "${var.v}"}}}
targets:
  t: {}
  u: {variables: {v: of the target}}
`
	for name, c := range map[string]struct {
		target  string
		environ []string
		file    string
		option  map[string]string
		want    string
	}{
		"the default":              {target: "t", want: "written"},
		"the target's":             {target: "u", want: "of the target"},
		"the file's":               {target: "u", file: `{"v": "of the file"}`, want: "of the file"},
		"the environment's":        {target: "u", file: `{"v": "f"}`, environ: []string{"BUNDLE_VAR_v=of the environment"}, want: "of the environment"},
		"the command line's":       {target: "u", environ: []string{"BUNDLE_VAR_v=e"}, option: map[string]string{"v": "of the line"}, want: "of the line"},
		"the last of two the same": {target: "t", environ: []string{"BUNDLE_VAR_v=a", "BUNDLE_VAR_v=b"}, want: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := file(text)
			if c.file != "" {
				fsys[".databricks/bundle/u/variable-overrides.json"] = &fstest.MapFile{Data: []byte(c.file)}
			}
			r, found := resolve(fsys, bundle.Options{Target: c.target, Environ: c.environ, Variables: c.option})
			if len(found) > 0 {
				t.Fatal(found)
			}
			if got := r.Jobs()["j"].Get("name").String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	const text = `variables:
  plain: {default: p}
  outer: {default: "<${var.inner}>"}
  inner: {default: "[${bundle.target}]"}
  number: {default: 7}
  list: {type: complex, default: [a, "${var.plain}"]}
  map: {type: complex, default: {deep: [{x: y}]}}
resources:
  jobs:
    j:
      name: n
      tags:
        nested: ${var.outer}
        path: ${workspace.file_path}/x
        later: ${resources.jobs.k.id}
        other: ${foo.bar} {{job.id}} $${x
        index: ${var.list[1]}${var.map.deep[0].x}
        user: ${workspace.current_user.userName}
      number: ${var.number}
      text: "${var.number}!"
      list: ${var.list}
    k: {name: "${resources.jobs.j.name}2"}
workspace: {root_path: /Shared/r}
targets: {t: {}}
`
	r, found := resolve(file(text), bundle.Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	job := r.Jobs()["j"]
	for key, want := range map[string]string{
		"nested": "<[t]>", "path": "/Workspace/Shared/r/files/x", "later": "${resources.jobs.k.id}",
		"other": "${foo.bar} {{job.id}} $${x", "index": "py", "user": "${workspace.current_user.userName}",
	} {
		if got := job.At("tags", key).String(); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if n := job.Get("number"); n.Kind != bundle.Number || n.Text != "7" {
		t.Errorf("a reference alone is the value: got %+v", n)
	}
	if n := job.Get("text"); n.Kind != bundle.Text || n.Text != "7!" {
		t.Errorf("a reference within a text is text: got %+v", n)
	}
	if got := len(job.Get("list").Items()); got != 2 {
		t.Errorf("list has %d items", got)
	}
	if got := r.Jobs()["k"].Get("name").String(); got != "n2" {
		t.Errorf("got %q", got)
	}
}

func TestTargetsChange(t *testing.T) {
	const text = `
resources:
  jobs:
    j:
      name: n
      max_concurrent_runs: 1
      run_as: {user_name: u}
      tags: {a: "1", b: "2"}
      tasks:
        - {task_key: x, max_retries: 1, depends_on: [{task_key: w}]}
        - {task_key: y}
      job_clusters: [{job_cluster_key: c, new_cluster: {num_workers: 1, node: n}}]
      parameters: [{name: p, default: d}, {name: q, default: e}]
      environments: [{environment_key: e, spec: {environment_version: "1"}}]
      permissions: [{group_name: g, level: CAN_VIEW}]
targets:
  t:
    resources:
      jobs:
        j:
          max_concurrent_runs: 3
          run_as: {service_principal_name: s}
          tags: {b: "3", c: "4"}
          tasks: [{task_key: y, max_retries: 2}, {task_key: z}, {task_key: x, run_if: ALL_DONE}]
          job_clusters: [{job_cluster_key: c, new_cluster: {num_workers: 9}}]
          parameters: [{name: p, default: t}]
          environments: [{environment_key: e, spec: {environment_version: "2"}}]
          permissions: [{group_name: h, level: CAN_MANAGE}]
`
	r, found := resolve(file(text), bundle.Options{User: bundle.User{Name: "u"}})
	if len(found) > 0 {
		t.Fatal(found)
	}
	got := r.Jobs()["j"].Plain().(map[string]any)
	for _, added := range []string{"deployment", "edit_mode", "format", "queue"} {
		if got[added] == nil {
			t.Errorf("no %s", added)
		}
		delete(got, added)
	}
	want := bundleOf(t, `
name: n
max_concurrent_runs: 3
run_as: {service_principal_name: s}
tags: {a: "1", b: "3", c: "4"}
tasks:
  - {task_key: x, max_retries: 1, depends_on: [{task_key: w}], run_if: ALL_DONE}
  - {task_key: y, max_retries: 2}
  - {task_key: z}
job_clusters: [{job_cluster_key: c, new_cluster: {num_workers: 9, node: n}}]
parameters: [{name: p, default: t}, {name: q, default: e}]
environments: [{environment_key: e, spec: {environment_version: "2"}}]
permissions: [{group_name: g, level: CAN_VIEW}, {group_name: h, level: CAN_MANAGE}]
`)
	if d := cmp.Diff(want, any(got)); d != "" {
		t.Error(d)
	}
}

// bundleOf is what YAML says, read by the same reader.
func bundleOf(t *testing.T, text string) any {
	t.Helper()
	b, found := bundle.Load(fstest.MapFS{"databricks.yml": {Data: []byte("bundle: {name: b}\ntargets: {t: {}}\nvariables:\n  v:\n    type: complex\n    default:" + strings.ReplaceAll(text, "\n", "\n      "))}})
	if len(found) > 0 {
		t.Fatal(found)
	}
	r, found := b.Resolve(bundle.Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	return r.Config.At("variables", "v", "value").Plain()
}

func TestModes(t *testing.T) {
	const text = `
resources:
  jobs:
    j: {name: n, tags: {own: x}, schedule: {quartz_cron_expression: c}}
    k: {name: m, schedule: {quartz_cron_expression: c, pause_status: UNPAUSED}, max_concurrent_runs: 2}
permissions: [{user_name: u, level: CAN_RUN}]
targets:
  one: {mode: development}
  all: {mode: production, workspace: {root_path: /Workspace/x}, presets: {tags: {team: t}, name_prefix: "p "}}
`
	o := bundle.Options{Target: "one", User: bundle.User{Name: "ada.b@example.com"}}
	r, found := resolve(file(text), o)
	if len(found) > 0 {
		t.Fatal(found)
	}
	check := func(job string, keys []string, want string) {
		t.Helper()
		if got := r.Jobs()[job].At(keys...).String(); got != want {
			t.Errorf("%s %s: got %q, want %q", job, keys, got, want)
		}
	}
	check("j", []string{"name"}, "[dev ada_b] n")
	check("j", []string{"tags", "dev"}, "ada_b")
	check("j", []string{"tags", "own"}, "x")
	check("j", []string{"schedule", "pause_status"}, "PAUSED")
	check("j", []string{"max_concurrent_runs"}, "4")
	check("k", []string{"schedule", "pause_status"}, "UNPAUSED")
	check("k", []string{"max_concurrent_runs"}, "2")
	if got, want := r.RootPath(), "/Workspace/Users/ada.b@example.com/.bundle/b/one"; got != want {
		t.Errorf("root %q, want %q", got, want)
	}
	if got := r.Jobs()["j"].Get("permissions").Items()[0].Get("level").String(); got != "CAN_MANAGE_RUN" {
		t.Errorf("level %q", got)
	}
	o.Target = "all"
	if r, found = resolve(file(text), o); len(found) > 0 {
		t.Fatal(found)
	}
	check("j", []string{"name"}, "p n")
	check("j", []string{"tags", "team"}, "t")
	check("j", []string{"tags", "dev"}, "")
	check("j", []string{"schedule", "pause_status"}, "UNPAUSED")
	check("j", []string{"max_concurrent_runs"}, "1")
}

func TestFilesOfTheBundleAreNamedWhereTheyAreDeployed(t *testing.T) {
	fsys := file("include: [r/*.yml]\nworkspace: {root_path: /Workspace/x}\ntargets: {t: {}}\n")
	fsys["r/j.yml"] = &fstest.MapFile{Data: []byte(`resources:
  jobs:
    j:
      name: n
      tasks:
        - {task_key: a, notebook_task: {notebook_path: ../src/n.py}, libraries: [{whl: ../dist/*.whl}, {whl: /Workspace/y.whl}]}
        - {task_key: b, spark_python_task: {python_file: ./p.py}}
        - {task_key: c, sql_task: {file: {path: q.sql}}}
        - {task_key: d, notebook_task: {notebook_path: /Workspace/z}}
    g: {name: g, git_source: {git_branch: main}, tasks: [{task_key: a, notebook_task: {notebook_path: src/n}}]}
`)}
	fsys["dist/w-1-py3-none-any.whl"] = &fstest.MapFile{}
	r, found := resolve(fsys, bundle.Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	var got []string
	for _, job := range []string{"j", "g"} {
		for _, task := range r.Jobs()[job].Get("tasks").Items() {
			for _, keys := range [][]string{{"notebook_task", "notebook_path"}, {"spark_python_task", "python_file"}, {"sql_task", "file", "path"}} {
				if s := task.At(keys...).String(); s != "" {
					got = append(got, s)
				}
			}
			for _, l := range task.Get("libraries").Items() {
				got = append(got, l.Get("whl").String())
			}
		}
	}
	want := []string{
		"/Workspace/x/files/src/n", "/Workspace/x/artifacts/.internal/w-1-py3-none-any.whl", "/Workspace/y.whl",
		"/Workspace/x/files/r/p.py", "/Workspace/x/files/r/q.sql", "/Workspace/z", "src/n",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWhatGitIgnoresIsNotUploaded(t *testing.T) {
	fsys := file("sync: {include: [build/keep.txt, '*.gen'], exclude: ['**/*.tmp']}\ntargets: {t: {}}\n")
	for name, data := range map[string]string{
		".gitignore": "# comment\n*.log\n!kept.log\n/build/\nnode\n", "a.log": "", "kept.log": "", "sub/b.log": "", "sub/kept.log": "",
		"build/x": "", "build/keep.txt": "", "sub/build/y": "", "sub/.gitignore": "/z\n*.gen\n", "sub/z": "", "sub/deep/z": "", "sub/c.gen": "",
		"node/m": "", "q.tmp": "", ".git/config": "", ".databricks/state": "", "src/main.py": "",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
	}
	r, found := resolve(fsys, bundle.Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	got, found := r.Files()
	want := []string{
		".gitignore", "build/keep.txt", "databricks.yml", "kept.log", "src/main.py",
		"sub/.gitignore", "sub/build/y", "sub/c.gen", "sub/deep/z", "sub/kept.log",
	}
	if len(found) > 0 || !slices.Equal(got, want) {
		t.Errorf("got  %q %v\nwant %q", got, found, want)
	}
}
