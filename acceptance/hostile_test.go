package acceptance_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"golang.org/x/net/html"
)

// executed is what a page is called once a text of a title ran in it.
const executed = "executed"

type hostileTitle struct{ name, text string }

// hostileTitles are titles that do harm where they are taken for more than text.
var hostileTitles = []hostileTitle{
	{"a script", `<script>document.title='executed'</script>`},
	{"an image that runs", `"><img src=x onerror="document.title='executed'">`},
	{"an address that runs", `[x](javascript:document.title='executed')`},
	{"a way out of code", "```</code></pre><svg onload=document.title='executed'>"},
	{"Markdown", "**b** _i_ `c` ~~s~~ ![i](https://evil.example/i.png) <https://evil.example> <!-- c"},
	{"a table", "| a | b |"},
	{"control characters", "red \x1b[31m bell \x07 back \x08\x08 del \x7f title \x1b]0;owned\x07"},
	{"right to left", "invoice \u202egnp.exe\u202c \u2066x\u2069"},
	{"what nobody sees", "a\u200bb \ufeffc \u00add \U000e0041"},
	{"emoji", "🚀 👩\u200d🚀 Ω ≥ 95 % København"},
	{"a formula", "=cmd|' /C calc'!A1"},
	{"a sum", "+1+1"},
	{"a difference", "-1+1"},
	{"a reference", "@SUM(A1)"},
	{"a wide formula", "＝1+1"},
	{"a template", "{{ .Secret }} ${{ secrets.TOKEN }} $(id) %s%n"},
	{"entities", "&lt;b&gt; &#84; &amp;amp;"},
}

// megabyte is a title that is one in size alone.
var megabyte = hostileTitle{"one megabyte", strings.Repeat("long ", 1<<20/5) + "end"}

// hostileRepository is a working copy whose titles of requirements,
// specifications, tests, results, commits and pull requests are the given ones.
func hostileRepository(t *testing.T, titles []hostileTitle) (code, requirements, results string) {
	t.Helper()
	dir := folder(t)
	code, requirements, results = filepath.Join(dir, "code"), filepath.Join(dir, "requirements"), filepath.Join(dir, "results.xml")
	var urs, fs []map[string]any
	var cases bytes.Buffer
	text := func(s string) string {
		var b bytes.Buffer
		if err := xml.EscapeText(&b, []byte(s)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for i, h := range titles {
		n := i + 1
		urs = append(urs, map[string]any{"id": fmt.Sprint("URS-corp-", n), "title": h.text, "text": "Need " + h.text, "attributes": map[string]string{"Owner": h.text, "Risk": "Low", "GxP": "yes"}})
		fs = append(fs,
			map[string]any{"id": fmt.Sprint("FS-corp-", n), "title": h.text, "text": "Way.", "links": []string{fmt.Sprint("URS-corp-", n)}},
			map[string]any{"id": fmt.Sprint("TEST-corp-", n), "title": h.text, "links": []string{fmt.Sprint("FS-corp-", n)}, "attributes": map[string]string{"Verification": "UT"}})
		fmt.Fprintf(&cases, "<testcase name=\"TEST-corp-%d %s\"><failure message=\"%s\"/></testcase>\n", n, text(h.text), text(h.text))
	}
	write := func(path string, v any) {
		data, err := json.Marshal(v) // JSON is YAML
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, path, bytes.ReplaceAll(data, []byte("\x7f"), []byte(`\u007f`))) // YAML wants it escaped
	}
	for _, d := range []string{filepath.Join(code, "documentation", "releases"), requirements} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(requirements, "urs.yaml"), urs)
	write(filepath.Join(code, "documentation", "fs.yaml"), fs)
	mustWrite(t, filepath.Join(code, "documentation", "releases", "README.md"), []byte("How notes are written.\n"))
	mustWrite(t, results, []byte("<testsuite name=\"s\">\n"+cases.String()+"</testsuite>\n"))
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", code, "-c", "user.name=Ada", "-c", "user.email=ada@corp.example"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args[:1], err, out)
		}
	}
	git("init", "--quiet", "--initial-branch=main")
	git("remote", "add", "origin", "https://github.com/org/repo.git")
	git("add", ".")
	git("commit", "--quiet", "-m", "Begin")
	git("tag", "-a", "v1.0.0", "-m", "v1.0.0")
	for i, h := range titles {
		if h != megabyte { // more than an argument holds
			git("commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", fmt.Sprintf("%s (#%d)", h.text, i+1))
		}
	}
	return code, requirements, results
}

// tracer asks for the trace of a repository, and tester for its document tests.
type tracer func(t *testing.T, args ...string) string

func asked(t *testing.T, titles []hostileTitle) (trace, test tracer) {
	t.Helper()
	code, requirements, results := hostileRepository(t, titles)
	at := []string{"--dir", code, "--requirements", requirements, "--solution", "corp"}
	trace = func(t *testing.T, args ...string) string {
		t.Helper()
		return want(t, 0, "", slices.Concat([]string{"trace", "--results", results}, at, args)...).out
	}
	test = func(t *testing.T, args ...string) string {
		t.Helper()
		r := dcRelease(t, "", slices.Concat([]string{"document", "test", "--result-file", results}, at, args)...)
		if r.code != 7 {
			t.Fatalf("exit %d, want 7\n%.2000s", r.code, r)
		}
		return r.out
	}
	return trace, test
}

// TestAttack52_HostileTitlesGoTheWholeWay takes the titles from files, git and
// results to every form that the command line prints: each is escaped there,
// none runs, and each is found again.
func TestAttack52_HostileTitlesGoTheWholeWay(t *testing.T) {
	need(t, "git")
	for _, titles := range [][]hostileTitle{hostileTitles, {megabyte}} {
		name := "titles that do harm"
		if titles[0] == megabyte {
			name = "a title of one megabyte"
		}
		t.Run(name, func(t *testing.T) { goTheWholeWay(t, titles) })
	}
}

func goTheWholeWay(t *testing.T, titles []hostileTitle) {
	trace, tested := asked(t, titles)
	t.Run("trace as text", func(t *testing.T) { quietOnATerminal(t, trace(t)) })
	for i, h := range titles {
		t.Run("one item as text: "+h.name, func(t *testing.T) {
			out := trace(t, "--item", fmt.Sprint("URS-corp-", i+1))
			quietOnATerminal(t, out)
			found(t, out, document.Visible(h.text))
		})
	}
	t.Run("trace as CSV", func(t *testing.T) { harmlessCells(t, titles, trace(t, "--format", "csv")) })
	page := ""
	t.Run("trace as HTML", func(t *testing.T) {
		page = trace(t, "--format", "html")
		shownInHTML(t, titles, page)
	})
	if len(titles) > 1 {
		t.Run("trace in a browser", func(t *testing.T) { nothingRuns(t, page) })
	}
	t.Run("trace as JSON", func(t *testing.T) {
		var out any
		if err := json.Unmarshal([]byte(trace(t, "--json")), &out); err != nil {
			t.Fatal(err)
		}
		all := slices.Collect(stringsOf(out))
		for _, h := range titles {
			if !slices.Contains(all, h.text) {
				t.Errorf("%s is not there as it is", h.name)
			}
		}
	})
	for _, format := range []string{"needs", "sarif"} {
		t.Run("trace as "+format, func(t *testing.T) { isJSON(t, trace(t, "--format", format)) })
	}
	t.Run("document test as text", func(t *testing.T) { quietOnATerminal(t, tested(t)) })
	t.Run("document test as SARIF", func(t *testing.T) { isJSON(t, tested(t, "--sarif")) })
	t.Run("document test as JUnit", func(t *testing.T) {
		if err := xml.Unmarshal([]byte(tested(t, "--junit")), new(struct{})); err != nil {
			t.Error(err)
		}
	})
}

func isJSON(t *testing.T, out string) {
	t.Helper()
	if !json.Valid([]byte(out)) {
		t.Errorf("not JSON: %.300s", out)
	}
}

// TestAttack52_HostileSubjectsAreDraftedAndReadBack drafts the note of commits
// with hostile subjects: the checks read each title back as that of its pull
// request, and a reader sees a list of links and nothing else.
func TestAttack52_HostileSubjectsAreDraftedAndReadBack(t *testing.T) {
	need(t, "git")
	code, _, _ := hostileRepository(t, hostileTitles)
	r := want(t, 0, "", "release", "draft", "1.1.0", "--code", code)
	quietOnATerminal(t, r.errOut)
	note := string(mustRead(t, filepath.Join(code, "documentation", "releases", "1.1.0.md")))
	quietOnATerminal(t, note)
	for i, h := range hostileTitles {
		if !strings.Contains(note, fmt.Sprintf("](https://github.com/org/repo/pull/%d)\n", i+1)) {
			t.Errorf("the note lacks %s", h.name)
		}
	}
	out := dcRelease(t, "", "document", "test", "--dir", code).out
	quietOnATerminal(t, out)
	for _, check := range []string{"DOC-R05", "DOC-R07", "DOC-R08", "DOC-R09", "DOC-R10", "DOC-R11"} {
		found(t, out, "ok   "+check)
	}
	diff := want(t, 0, "", "release", "diff", "1.0.0", "HEAD", "--code", code)
	quietOnATerminal(t, diff.out)
}

// TestAttack52_BombsAreRefused gives files that grow when they are read: each is
// refused with its reason, at once.
func TestAttack52_BombsAreRefused(t *testing.T) {
	dir := folder(t)
	mustWrite(t, filepath.Join(dir, "fs.md"), []byte("## TEST-corp-1: proof\n"))
	var entities strings.Builder
	for i := range 9 {
		fmt.Fprintf(&entities, "<!ENTITY e%d %q>", i+1, strings.Repeat(fmt.Sprintf("&e%d;", i), 10))
	}
	passed := `{"uuid":"1","historyId":"1","name":"TEST-corp-1","status":"passed","attachments":[{"name":"log","source":"a.txt","type":"text/plain"}]}`
	for _, c := range []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"an XML bomb", "a.xml", []byte(`<!DOCTYPE t [<!ENTITY e0 "ha">` + entities.String() + `]><testsuite name="s"><testcase name="&e9;"/></testsuite>`), "a document type declaration is refused"},
		{"a file of the machine", "b.xml", []byte(`<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite name="s"><testcase name="&x;"/></testsuite>`), "a document type declaration is refused"},
		{"nested elements", "c.xml", []byte(strings.Repeat("<testsuite>", 100_000)), "deep"},
		{"nested arrays", "d.json", []byte(`{"results":{"tests":` + strings.Repeat("[", 100_000)), "want an object"},
		{"an attachment that grows", "e.zip", zipped(t, map[string]string{"1-result.json": passed, "a.txt": strings.Repeat("\x00", 8<<20)}), "more than 200 times its size"},
		{"a result that grows", "f.zip", zipped(t, map[string]string{"1-result.json": passed + strings.Repeat(" ", 8<<20)}), "more than 200 times its size"},
		{"an attachment outside", "g.zip", zipped(t, map[string]string{"1-result.json": passed, "../../a.txt": "x"}), "leaves the archive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, c.file)
			mustWrite(t, path, c.data)
			r := want(t, 2, "", "trace", "--dir", dir, "--solution", "corp", "--results", path)
			quietOnATerminal(t, r.errOut)
			found(t, r.errOut, c.want)
			if len(r.errOut) > 10_000 || strings.Contains(r.errOut, "root:") {
				t.Errorf("%d bytes are said: %.300s", len(r.errOut), r.errOut)
			}
		})
	}
}

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func found(t *testing.T, out, text string) {
	t.Helper()
	if !strings.Contains(out, text) {
		t.Errorf("%.200q is not in\n%.2000s", text, out)
	}
}

// quietOnATerminal fails for what moves the cursor, rings or turns text around.
func quietOnATerminal(t *testing.T, out string) {
	t.Helper()
	if out == "" {
		t.Error("nothing was printed")
	}
	for n, line := range strings.Split(out, "\n") {
		if document.Visible(line) != line {
			t.Errorf("line %d acts on a terminal: %.300q", n+1, line)
		}
	}
}

// harmlessCells fails for a cell that is a formula and for a title that is lost.
func harmlessCells(t *testing.T, titles []hostileTitle, out string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(rows...)
	for _, cell := range all {
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") || strings.HasPrefix(cell, "＝") {
			t.Errorf("a formula: %.200q", cell)
		}
	}
	for _, h := range titles {
		if !slices.ContainsFunc(all, func(cell string) bool { return strings.TrimPrefix(cell, "'") == h.text }) {
			t.Errorf("%s is lost", h.name)
		}
	}
}

// shownInHTML fails for an element or attribute that a title brought, and for a
// title that a reader does not see.
func shownInHTML(t *testing.T, titles []hostileTitle, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode:
			text.WriteString(n.Data)
		case n.Type == html.ElementNode && slices.Contains([]string{"script", "img", "iframe", "object", "embed", "form", "base", "link"}, n.Data):
			t.Errorf("there is an element %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || strings.Contains(a.Val, "javascript:") && a.Key == "href" {
				t.Errorf("attribute %s=%.200q", a.Key, a.Val)
			}
		}
	}
	shown := text.String()
	for _, h := range titles {
		if !strings.Contains(shown, document.Visible(h.text)) {
			t.Errorf("%s is not shown", h.name)
		}
	}
}

const browser = "/usr/bin/chromium"

// nothingRuns opens a page in a browser: its title stays. The same title in a page
// of nothing else shows that the browser would have run it.
func nothingRuns(t *testing.T, page string) {
	t.Helper()
	need(t, browser)
	if got := opened(t, page); strings.Contains(got, "<title>"+executed) {
		t.Error("a script of a title ran")
	}
	if got := opened(t, "<!doctype html><title>quiet</title>"+hostileTitles[0].text+hostileTitles[1].text); !strings.Contains(got, "<title>"+executed) {
		t.Errorf("the browser runs nothing, so this test says nothing: %.500s", got)
	}
}

// opened is a page as it is after its scripts ran.
func opened(t *testing.T, page string) string {
	t.Helper()
	file := filepath.Join(folder(t), "page.html")
	mustWrite(t, file, []byte(page))
	cmd := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+folder(t), "--dump-dom", "file://"+file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// stringsOf are all strings of a JSON value.
func stringsOf(v any) func(yield func(string) bool) {
	return func(yield func(string) bool) { eachString(v, yield) }
}

func eachString(v any, yield func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return yield(v)
	case []any:
		for _, x := range v {
			if !eachString(x, yield) {
				return false
			}
		}
	case map[string]any:
		for _, x := range v {
			if !eachString(x, yield) {
				return false
			}
		}
	}
	return true
}
