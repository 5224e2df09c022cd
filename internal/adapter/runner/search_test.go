package runner_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// hashOf is what hashFiles gives for files whose content is their own name.
func hashOf(names ...string) string {
	if len(names) == 0 {
		return ""
	}
	all := sha256.New()
	for _, n := range names {
		one := sha256.Sum256([]byte(n + "\n"))
		all.Write(one[:])
	}
	return hex.EncodeToString(all.Sum(nil))
}

// The expectations were compared with @actions/glob 0.5.0 over the same tree.
func TestHashFilesSelectsWhatGitHubSelects(t *testing.T) {
	t.Parallel()
	const tree = `mkdir -p a/b a-b a.b/c d/.hid x/y 'sp ace' br '[q]' "$HOME/out"
for f in a/1.txt a/b/2.txt a/b/3.log a-b/1.txt a.b/c/4.txt d/.hid/5.txt d/.e x/y/7.js 'sp ace/8.txt' br/'{x}.txt' br/'[y].txt' '[q]/z.txt' top.txt Top.txt .root; do echo "$f" > "$f"; done
echo out > $HOME/out/f.txt; ln -s ../a x/la; ln -s top.txt ltop; ln -s ../../x x/y/loop`
	tests := []struct {
		patterns string // arguments, or lines of one
		want     []string
	}{
		{"top.txt", []string{"top.txt"}},
		{"*.txt", []string{"Top.txt", "top.txt"}},
		{"none", nil},
		{"a", []string{"a/1.txt", "a/b/2.txt", "a/b/3.log"}},
		{"a/", []string{"a/1.txt", "a/b/2.txt", "a/b/3.log"}},
		{"top.txt/", nil},
		{"a/**", []string{"a/1.txt", "a/b/2.txt", "a/b/3.log"}},
		// Directory by directory, not in the order of whole paths: "-" and "." sort
		// before "/".
		{"**/1.txt", []string{"a/1.txt", "a-b/1.txt"}},
		{"a*", []string{"a/1.txt", "a/b/2.txt", "a/b/3.log", "a-b/1.txt", "a.b/c/4.txt"}},
		// Of several patterns the search paths come in the order of the patterns.
		{"d\na/b", []string{"d/.e", "d/.hid/5.txt", "a/b/2.txt", "a/b/3.log"}},
		{"a/b\na", []string{"a/1.txt", "a/b/2.txt", "a/b/3.log"}},
		{"**/*.txt\n!a/**\n!**/[T]op.txt\n!br/**", []string{"[q]/z.txt", "a-b/1.txt", "a.b/c/4.txt", "d/.hid/5.txt", "sp ace/8.txt", "top.txt"}},
		{"a\n!a/b", []string{"a/1.txt"}},
		{"a\n!a/b\na/b/3.log", []string{"a/1.txt", "a/b/3.log"}},
		{"!a", nil},
		{"!!a/1.txt", []string{"a/1.txt"}},
		{"# a\n\n  a/1.txt  ", []string{"a/1.txt"}},
		{"d/*", []string{"d/.e", "d/.hid/5.txt"}},
		{"./a/1.txt", []string{"a/1.txt"}},
		{"a//1.txt", []string{"a/1.txt"}},
		{"${{ github.workspace }}/a/1.txt", []string{"a/1.txt"}},
		{"~/out/f.txt", nil}, // not in the workspace
		{"/etc/passwd", nil},
		{"br/{x}.txt", []string{"br/{x}.txt"}},
		{"br/[[]y].txt", []string{"br/[y].txt"}},
		{"br/[y].txt", nil},
		{`\[q\]/*`, []string{"[q]/z.txt"}},
		{"[!a-z]*.txt", []string{"Top.txt"}},
		{"sp ace/*.txt", []string{"sp ace/8.txt"}},
		{"ltop", []string{"top.txt"}}, // a link to a file is the file
		{"x/**", []string{"x/y/7.js"}},
		{"--follow-symbolic-links|x/**", []string{"a/1.txt", "a/b/2.txt", "a/b/3.log", "x/y/7.js"}},
		{"--Follow-Symbolic-Links|x/y/loop/la/1.txt", []string{"a/1.txt"}},
	}
	r := steps(sh(tree))
	for _, tt := range tests {
		var args []string
		for a := range strings.SplitSeq(tt.patterns, "|") {
			args = append(args, "format('"+strings.NewReplacer("'", "''", "{", "{{", "}", "}}", "${{ github.workspace }}", "{0}").Replace(a)+"', github.workspace)")
		}
		r.job.Steps = append(r.job.Steps, sh("echo 'is ${{ hashFiles("+strings.Join(args, ", ")+") }}'"))
	}
	for _, bad := range []string{"'../a'", "'a/../b'", "'a/./b'", "'!'", "'--nope', 'a'", "'leads'"} {
		r.job.Steps = append(r.job.Steps, workflow.Step{Run: text("echo bad ${{ hashFiles(" + bad + ") }}"), If: text("always()")})
	}
	r.job.Steps[0].Run.Source += "; ln -s /etc/passwd leads"
	h := newHost()
	got := r.do(t, h)
	lines := strings.Split(h.log("stdout"), "\n")
	for i, tt := range tests {
		if i >= len(lines) || lines[i] != "is "+hashOf(tt.want...) {
			t.Errorf("%q: got %q, want %q of %q", tt.patterns, lines[min(i, len(lines)-1)], hashOf(tt.want...), tt.want)
		}
	}
	for _, s := range got.Steps[1+len(tests):] {
		if s.Outcome != "failure" || !strings.Contains(s.Reason, "evaluate hashFiles") {
			t.Errorf("%s: got %s %q", s.Name, s.Outcome, s.Reason)
		}
	}
	if t.Failed() {
		t.Log(fmt.Sprint(names(got)))
	}
}

func FuzzPatterns(f *testing.F) {
	for _, s := range []string{"a/**\n!a/b", "[]a]", "[", "{a,b}", "~/x", "/", "!", "\\", "**/**/*", "[!a-z]?"} {
		f.Add(s, "/w/a/b")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		in, ok := runner.Selects(text, path)
		if !ok || strings.ContainsAny(text, "\r\n") || strings.HasPrefix(strings.TrimSpace(text), "#") {
			return
		}
		if again, ok := runner.Selects(text+"\n!"+text, path); ok && in && again {
			t.Errorf("%q selects %q and excludes it not", text, path)
		}
	})
}
