package runner_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// kept gives the names of what is in a cache.
func kept(h *host, key string) []string {
	var list []string
	for _, f := range h.caches[key].Files {
		switch {
		case f.Folder:
			list = append(list, f.Path+"/")
		case f.Link != "":
			list = append(list, f.Path+" -> "+f.Link)
		default:
			list = append(list, f.Path)
		}
	}
	return list
}

func TestCacheIsRestoredAndSavedAfterwards(t *testing.T) {
	build := sh(`test -e deps/x || { mkdir -p deps/.bin "$HOME/.cache/pip"; echo made > deps/x; ln -s ../x deps/.bin/x; echo w > "$HOME/.cache/pip/wheel"; echo made it; }; cat deps/.bin/x "$HOME/.cache/pip/wheel"`)
	job := func(key string) run {
		return steps(workflow.Step{ID: "c", Uses: "actions/cache@v4", With: bind("path", "deps\n~/.cache/pip", "key", key, "restore-keys", "deps-\nother-")},
			sh("echo 'hit=[${{ steps.c.outputs.cache-hit }}]'"), build)
	}
	h := newHost()
	check(t, h, job("deps-1").do(t, h), want{
		conclusion: "success", steps: "success success success success", stdout: []string{"hit=[]", "made it", "made", "w"},
		log: []string{"no cache for the keys deps-1, deps-, other-", "cleaning up after the job's steps", "saved the cache of key deps-1"},
	})
	names := []string{"_home/.cache/pip/", "_home/.cache/pip/wheel", "corp-procurement/corp-procurement/deps/", "corp-procurement/corp-procurement/deps/.bin/", "corp-procurement/corp-procurement/deps/.bin/x -> ../x", "corp-procurement/corp-procurement/deps/x"}
	if diff := cmp.Diff(names, kept(h, "deps-1")); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	h.lines = nil
	check(t, h, job("DEPS-1").do(t, h), want{conclusion: "success", steps: "success success success success", stdout: []string{"hit=[true]", "made", "w"}, log: []string{"key DEPS-1 was found: nothing to save"}})
	if strings.Contains(h.log("stdout"), "made it") || len(h.caches) != 1 {
		t.Errorf("the cache was not used:\n%s", h.log(""))
	}
	h.lines = nil
	check(t, h, job("deps-2").do(t, h), want{conclusion: "success", steps: "success success success success", stdout: []string{"hit=[false]"}, log: []string{"restored the cache of key deps-1", "saved the cache of key deps-2"}})
}

func TestCacheActions(t *testing.T) {
	t.Parallel()
	const there = "k-old"
	make := sh("mkdir -p d/e; echo 1 > d/one; echo 2 > d/e/two; echo 3 > f.txt; ln -s /etc/passwd out")
	restore := func(with ...string) workflow.Step {
		return workflow.Step{ID: "c", Uses: "actions/cache/restore@v4", With: bind(append([]string{"path", "d"}, with...)...)}
	}
	save := func(path string) workflow.Step { return uses("actions/cache/save@v4", "key", "new", "path", path) }
	outputs := sh("echo '${{ steps.c.outputs.cache-hit }},${{ steps.c.outputs.cache-primary-key }},${{ steps.c.outputs.cache-matched-key }}'; ls d || true")
	tests := []struct {
		name  string
		steps []workflow.Step
		want  want
		kept  []string // under "new", relative to the workspace
	}{
		{"restore gives its keys as outputs", []workflow.Step{restore("key", "k-new", "restore-keys", "k-"), outputs}, want{conclusion: "success", steps: "success success", stdout: []string{"false,k-new,k-old", "one"}}, nil},
		{"restore of the key itself", []workflow.Step{restore("key", there), outputs}, want{conclusion: "success", steps: "success success", stdout: []string{"true,k-old,k-old", "one"}}, nil},
		{"a miss is no failure", []workflow.Step{restore("key", "none"), outputs}, want{conclusion: "success", steps: "success success", stdout: []string{",none,"}}, nil},
		{"unless asked for", []workflow.Step{restore("key", "none", "fail-on-cache-miss", "true"), outputs}, want{conclusion: "failure", steps: "failure skipped", reason: "no cache of key none, and fail-on-cache-miss is set"}, nil},
		{"lookup-only restores nothing", []workflow.Step{restore("key", there, "lookup-only", "true"), outputs}, want{conclusion: "success", steps: "success success", stdout: []string{"true,k-old,k-old"}, log: []string{"there is a cache of key k-old", "cannot access 'd'"}}, nil},
		{"other paths are another cache", []workflow.Step{{Uses: "actions/cache/restore@v4", With: bind("path", "d/", "key", there)}}, want{conclusion: "success", steps: "success", log: []string{"no cache for the keys"}}, nil},
		{"save keeps files, folders and links", []workflow.Step{make, save("d\nf.txt\nout")}, want{conclusion: "success", steps: "success success", log: []string{"saved the cache of key new"}}, []string{"d/", "d/e/", "d/e/two", "d/one", "f.txt", "out -> /etc/passwd"}},
		{"save takes patterns, and a directory that one selects is kept whole", []workflow.Step{make, save("d/*\n!d/one\n*.txt")}, want{conclusion: "success", steps: "success success"}, []string{"d/e/", "d/e/two", "f.txt"}},
		{"save of nothing is a warning", []workflow.Step{save("none")}, want{conclusion: "success", steps: "success", log: []string{"##[warning]the cache is not saved: nothing is at the paths", "##[warning]no cache was saved"}}, nil},
		{"save of a taken key is a warning", []workflow.Step{make, {Uses: "actions/cache/save@v4", With: bind("key", there, "path", "d")}}, want{conclusion: "success", steps: "success success", log: []string{"the cache is not saved: there is one of key k-old already", "##[warning]no cache was saved"}}, nil},
		{"a key with a comma", []workflow.Step{restore("key", "a,b")}, want{conclusion: "failure", steps: "failure", reason: `cache key "a,b": want one without a comma`}, nil},
		{"a key that is too long", []workflow.Step{restore("key", strings.Repeat("k", 513))}, want{conclusion: "failure", steps: "failure", reason: "want at most 512 characters"}, nil},
		{"too many keys", []workflow.Step{restore("key", "k", "restore-keys", strings.Repeat("a\n", 10))}, want{conclusion: "failure", steps: "failure", reason: "11 cache keys: want at most 10"}, nil},
		{"a key with a secret", []workflow.Step{restore("key", "k-${{ secrets.TOKEN }}")}, want{conclusion: "failure", steps: "failure", reason: "it contains a secret"}, nil},
		{"a key with a secret to save", []workflow.Step{make, {Uses: "actions/cache/save@v4", With: bind("key", "k-${{ secrets.TOKEN }}", "path", "d")}}, want{conclusion: "failure", steps: "success failure", reason: "it contains a secret"}, nil},
		{"a path that is not the job's", []workflow.Step{restore("key", "k", "path", "/usr/lib")}, want{conclusion: "failure", steps: "failure", reason: "want one within the job's own directories"}, nil},
		{"a key is required", []workflow.Step{uses("actions/cache@v4", "path", "d")}, want{conclusion: "failure", steps: "failure skipped", reason: `input "key" of actions/cache is required`}, nil},
		{"nothing is saved after a failure", []workflow.Step{uses("actions/cache@v4", "path", "d", "key", "new"), make, sh("exit 1")}, want{conclusion: "failure", steps: "success success failure skipped"}, nil},
		{"but with save-always", []workflow.Step{uses("actions/cache@v4", "path", "d/one", "key", "new", "save-always", "true"), make, sh("exit 1")}, want{conclusion: "failure", steps: "success success failure success"}, []string{"d/one"}},
		{"within a composite action too", []workflow.Step{uses("bob/c@v1", "key", "new"), make}, want{conclusion: "success", steps: "success success success"}, []string{"d/", "d/e/", "d/e/two", "d/one"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			check(t, h, steps(make, uses("actions/cache/save@v4", "key", there, "path", "d")).do(t, h), want{conclusion: "success", steps: "success success"})
			h.lines, h.secrets["TOKEN"] = nil, "hush-hush"
			r := steps(tt.steps...)
			r.secrets = []string{"TOKEN"}
			r.act(h, "bob/c@v1", workflow.Action{Using: "composite", Inputs: inputs("key"), Steps: []workflow.Step{uses("actions/cache@v4", "path", "d", "key", "${{ inputs.key }}")}}, nil)
			got := r.do(t, h)
			check(t, h, got, tt.want)
			var names []string
			for _, n := range kept(h, "new") {
				names = append(names, strings.TrimPrefix(n, "corp-procurement/corp-procurement/"))
			}
			if !slices.Equal(names, tt.kept) {
				t.Errorf("kept %q, want %q", names, tt.kept)
			}
			leaks(t, h, got, "hush-hush")
		})
	}
}

func TestACacheThatCannotBeHadIsAWarning(t *testing.T) {
	h := newHost()
	h.broken = errors.New("no room")
	check(t, h, steps(uses("actions/cache@v4", "key", "k", "path", "README.md"), checkoutStep).do(t, h), want{
		conclusion: "success", steps: "success success success", log: []string{"##[warning]the cache is not restored: no room", "##[warning]the cache is not saved: no room"},
	})
}

func TestHostileCacheReachesNothingButItsPaths(t *testing.T) {
	for name, held := range map[string]map[string]string{
		"another directory":  {"_home/.bashrc": "evil"},
		"beside a directory": {"corp-procurement/corp-procurement/deps-more/x": "evil"},
		"an action":          {"_actions/bob/a/c/action.yml": "evil"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost()
			check(t, h, steps(sh("mkdir deps; echo 1 > deps/x"), uses("actions/cache/save@v4", "key", "k", "path", "deps")).do(t, h), want{conclusion: "success", steps: "success success"})
			h.lines, h.held["k"] = nil, held
			check(t, h, steps(uses("actions/cache/restore@v4", "key", "k", "path", "deps"), sh("grep -rl evil $HOME $GITHUB_WORKSPACE/../.. || echo clean")).do(t, h), want{
				conclusion: "success", steps: "success success", stdout: []string{"clean"}, log: []string{"##[warning]the cache is not restored: it holds"},
			})
		})
	}
}
