package testresult

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"regexp"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// maxLine is the length of a line of "go test -json"; test2json breaks output
// long before.
const maxLine = 1 << 20

var goTestLine = regexp.MustCompile(`(?m)^\{.*"Action":\s*"`)

// sniffGoTest takes lines of which one is an event of test2json; what builds
// and downloads may print text before it.
func sniffGoTest(h head) bool {
	return h.has("Action", "Package") || h.has("Action", "ImportPath") || len(h.text) > 0 && h.text[0] != '<' && goTestLine.Match(h.text)
}

// readGoTest reads the lines of "go test -json" (cmd/test2json, cmd/go help
// buildjson). Each test and each subtest that ends is a case; one that does not
// end is an error, and so is a package that failed for another reason than a
// test.
func readGoTest(r io.Reader) evidence.Report {
	t := &goTest{gathering: newGathering(), packages: map[string]*goPackage{}}
	in := bufio.NewReaderSize(r, 64<<10)
	var err error
	for n := 1; err == nil; n++ {
		err = t.line(in, n)
	}
	if err != io.EOF {
		t.stop(err)
	}
	t.finish()
	return t.report()
}

type goTest struct {
	*gathering
	packages map[string]*goPackage
	order    []string
	plain    int // lines that are no event
}

// goPackage is what is known of a package.
type goPackage struct {
	at      place
	running map[string]*goRun
	order   []string
	tests   int
	failed  int
	ended   bool
}

// goRun is a test that has begun.
type goRun struct {
	at     place
	bound  binding
	output strings.Builder
}

// goEvent is a line.
type goEvent struct {
	action, pkg, test, output, build string
	key, value                       string // of testing.T.Attr
	elapsed                          int64  // microseconds
}

// line reads one line; io.EOF is the end.
func (t *goTest) line(in *bufio.Reader, n int) error {
	text, err := in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		long := bytes.Clone(text)
		for err == bufio.ErrBufferFull && len(long) <= maxLine {
			text, err = in.ReadSlice('\n')
			long = append(long, text...)
		}
		text = long
	}
	at := place{line: n, column: 1}
	if len(text) > maxLine {
		return flawed(at, "a line has more than %d bytes", maxLine)
	}
	if err != nil && err != io.EOF {
		return err
	}
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) == 0:
	case trimmed[0] == '{':
		e, bad := t.event(text, n)
		if bad != nil {
			return bad
		}
		if bad := t.take(e, at); bad != nil {
			return bad
		}
	default:
		t.text(string(trimmed), at)
	}
	return err
}

// text takes a line that is no event, as others print them into the stream.
func (t *goTest) text(line string, at place) {
	t.plain++
	for _, bad := range []string{"FAIL", "--- FAIL", "panic:", "fatal error:"} {
		if strings.HasPrefix(line, bad) {
			t.fatal(at, "a line outside of the events says: %s", cut(line, 200))
			return
		}
	}
}

func (t *goTest) event(text []byte, n int) (e goEvent, err error) {
	d := newDocument(bytes.NewReader(text))
	d.text.line = n
	var wrong error
	at, err := d.object(func(key string) (err error) {
		switch key {
		case "Action":
			e.action, err = d.string()
		case "Package":
			e.pkg, err = d.string()
		case "Test":
			e.test, err = d.string()
		case "Output":
			e.output, err = d.string()
		case "FailedBuild":
			e.build, err = d.string()
		case "Key":
			e.key, err = d.string()
		case "Value":
			e.value, err = d.string()
		case "Elapsed":
			e.elapsed, wrong, err = d.duration(1e6)
		default:
			err = d.skip()
		}
		return err
	})
	if err == nil {
		err = d.end()
	}
	if err == nil && wrong != nil {
		t.note(at, "test %q: %v", cut(e.test, 200), wrong)
	}
	return e, err
}

// take applies an event.
func (t *goTest) take(e goEvent, at place) error {
	if e.pkg == "" {
		switch e.action {
		case "build-output":
		case "build-fail":
			t.fatal(at, "a build failed")
		default:
			return flawed(at, "the action is %q without a package, want an event of go test -json", cut(e.action, 40))
		}
		return nil
	}
	p := t.packages[e.pkg]
	if p == nil {
		p = &goPackage{at: at, running: map[string]*goRun{}}
		t.packages[e.pkg] = p
		t.order = append(t.order, e.pkg)
	}
	if e.test == "" {
		return t.ofPackage(p, e, at)
	}
	run := p.running[e.test]
	if run == nil && e.action != "output" {
		run = &goRun{at: at}
		p.running[e.test] = run
		p.order = append(p.order, e.test)
	}
	switch e.action {
	case "run", "pause", "cont", "bench", "start":
		p.ended = false
	case "output":
		if run != nil && run.output.Len() < evidence.MaxMessage && !strings.HasPrefix(e.output, "=== ") {
			run.output.WriteString(e.output)
		}
	case "attr":
		for _, err := range run.bound.property(e.key, e.value) {
			t.note(at, "test %q: attribute %q: %v", cut(e.test, 200), e.key, err)
		}
	case "artifacts":
	case "pass", "fail", "skip":
		return t.conclude(p, e, run)
	default:
		return flawed(at, "the action is %q, want one of go test -json", cut(e.action, 40))
	}
	return nil
}

// ofPackage applies an event of a package as a whole.
func (t *goTest) ofPackage(p *goPackage, e goEvent, at place) error {
	switch e.action {
	case "start":
		p.ended = false
	case "output":
		if strings.Contains(e.output, "(cached)") {
			t.note(at, "the results of package %s are from the cache of an earlier run", cut(e.pkg, 200))
		}
	case "fail":
		p.ended = true
		switch {
		case e.build != "":
			t.fatal(at, "package %s failed: its build failed", cut(e.pkg, 200))
		case p.failed == 0 && len(p.running) == 0:
			t.fatal(at, "package %s failed and none of its %d tests did", cut(e.pkg, 200), p.tests)
		}
	case "pass", "skip":
		p.ended = true
		maps.DeleteFunc(p.running, func(name string, _ *goRun) bool { return strings.HasPrefix(name, "Benchmark") }) // they have no end of their own
		if p.tests == 0 && len(p.running) == 0 {
			t.note(at, "package %s has no test that ran", cut(e.pkg, 200))
		}
		if e.action == "pass" && p.failed > 0 {
			t.note(at, "package %s passed and %d of its tests failed", cut(e.pkg, 200), p.failed)
		}
	case "bench", "attr", "artifacts":
	default:
		return flawed(at, "the action is %q, want one of go test -json", cut(e.action, 40))
	}
	return nil
}

// conclude makes a case of a test that has ended.
func (t *goTest) conclude(p *goPackage, e goEvent, run *goRun) error {
	delete(p.running, e.test)
	p.tests++
	k := evidence.Case{Name: e.test, Class: e.pkg, DurationUS: e.elapsed}
	switch e.action {
	case "pass":
		k.Outcome = evidence.Passed
	case "fail":
		k.Outcome, k.Message = evidence.Failed, strings.TrimSpace(run.output.String())
		p.failed++
	case "skip":
		k.Outcome, k.Message = evidence.Skipped, strings.TrimSpace(run.output.String())
	}
	run.bound.bind(&k)
	return t.add(k, run.at)
}

// finish makes errors of what began and never ended.
func (t *goTest) finish() {
	for _, name := range t.order {
		p := t.packages[name]
		for _, test := range p.order {
			run := p.running[test]
			if run == nil {
				continue
			}
			delete(p.running, test)
			k := evidence.Case{Name: test, Class: name, Outcome: evidence.Errored}
			if k.Message = strings.TrimSpace(run.output.String()); k.Message == "" {
				k.Message = "the test began and never ended"
			}
			run.bound.bind(&k)
			if err := t.add(k, run.at); err != nil {
				t.stop(err)
				return
			}
		}
		if !p.ended {
			t.fatal(p.at, "package %s began and never ended: the stream is cut", cut(name, 200))
		}
	}
	if t.plain > 0 {
		t.note(place{}, "%d lines are no events", t.plain)
	}
}
