package testresult

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

func sniffAllure(h head) bool {
	return h.has("uuid") && (h.has("historyId") || h.has("statusDetails") || h.has("stage", "name")) || h.has("uuid", "labels")
}

// readAllure reads one *-result.json of Allure 2. What it attaches is not
// there, which is said and fails nothing: the results as a whole are an archive.
func readAllure(r io.Reader) evidence.Report {
	return readJSON(r, func(d *document, g *gathering) error {
		a := &allure{document: d}
		k, err := a.result()
		if err != nil {
			return err
		}
		for _, f := range k.attached {
			g.note(k.at, "attachment %q is not part of this file: hand in a zip archive of allure-results", cut(f.source, 200))
		}
		return k.add(g)
	})
}

// allure reads one file of Allure results.
type allure struct {
	*document
	entry string
}

// allureResult is a *-result.json.
type allureResult struct {
	c               evidence.Case
	at              place
	bound           binding
	wrong           []string
	uuid, historyID string
	fullName        string
	start, stop     int64 // milliseconds
	suites          [3]string
	attached        []allureFile
	broken          string // what a fixture says
}

// allureFile is an attachment as a result names it.
type allureFile struct {
	at                 place
	name, source, kind string
}

// same is what tries of one test have in common.
func (k *allureResult) same() string {
	if k.historyID == "" {
		return ""
	}
	return strings.Join([]string{k.historyID, k.fullName, k.c.Name}, "\x00")
}

// add makes a case of it.
func (k *allureResult) add(g *gathering) error {
	c := k.c
	for _, w := range k.wrong {
		g.note(k.at, "result %q: %s", cut(c.Name, 200), w)
	}
	c.Suite = pathOf(k.suites[:]...)
	if k.fullName != "" && c.File == "" {
		c.File = k.fullName
	}
	if ms := k.stop - k.start; k.stop > 0 && ms >= 0 {
		c.DurationUS = ms * 1000
	}
	if k.broken != "" && c.Outcome == evidence.Passed {
		c.Outcome, c.Message = evidence.Errored, k.broken
	}
	k.bound.bind(&c)
	return g.add(c, k.at)
}

func (a *allure) result() (*allureResult, error) {
	k := &allureResult{}
	status, trace := "", ""
	at, err := a.object(func(key string) (err error) {
		switch key {
		case "uuid":
			k.uuid, err = a.string()
		case "historyId":
			k.historyID, err = a.string()
		case "name":
			k.c.Name, err = a.string()
		case "fullName":
			k.fullName, err = a.string()
		case "status":
			status, err = a.string()
		case "statusDetails":
			_, k.c.Message, trace, err = a.details()
		case "start":
			k.start, err = a.moment()
		case "stop":
			k.stop, err = a.moment()
		case "labels":
			err = a.array(func() error { return a.label(k) })
		case "links":
			err = a.array(func() error { return a.link(k) })
		case "steps":
			err = a.array(func() error { return a.step(k) })
		case "attachments":
			err = a.array(func() error { return a.attachment(&k.attached) })
		default:
			err = a.skip()
		}
		return err
	})
	at.entry = a.entry
	k.at = at
	k.c.Outcome = allureOutcome(status)
	if k.c.Outcome == evidence.Passed {
		k.c.Message = ""
	} else if k.c.Message = cmp.Or(k.c.Message, trace); k.c.Message == "" && k.c.Outcome == evidence.Errored {
		k.c.Message = fmt.Sprintf("the status is %q", cut(status, 40))
	}
	return k, err
}

// allureOutcome reads a status. Broken is an exception instead of an assertion;
// unknown, and none, is no answer.
func allureOutcome(status string) evidence.Outcome {
	switch status {
	case "passed":
		return evidence.Passed
	case "failed":
		return evidence.Failed
	case "skipped":
		return evidence.Skipped
	}
	return evidence.Errored
}

func (a *allure) details() (at place, message, trace string, err error) {
	at, err = a.object(func(key string) (err error) {
		switch key {
		case "message":
			message, err = a.string()
		case "trace":
			trace, err = a.string()
		default:
			err = a.skip()
		}
		return err
	})
	at.entry = a.entry
	return at, message, trace, err
}

// moment reads milliseconds since 1970; what is none is 0.
func (a *allure) moment() (int64, error) {
	token, err := a.token()
	if err != nil {
		return 0, err
	}
	if n, ok := token.(interface{ Int64() (int64, error) }); ok {
		const never = 1 << 53
		if ms, err := n.Int64(); err == nil && ms > 0 && ms < never {
			return ms, nil
		}
		return 0, nil
	}
	return 0, a.rest(token)
}

func (a *allure) label(k *allureResult) error {
	var name, value string
	_, err := a.object(func(key string) (err error) {
		switch key {
		case "name":
			name, err = a.string()
		case "value":
			value, err = a.string()
		default:
			err = a.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	switch name {
	case "parentSuite":
		k.suites[0] = value
	case "suite":
		k.suites[1] = value
	case "subSuite":
		k.suites[2] = value
	case "testClass":
		k.c.Class = value
	case "package":
		k.c.Class = cmp.Or(k.c.Class, value)
	default:
		for _, err := range k.bound.property(name, value) {
			k.wrong = append(k.wrong, fmt.Sprintf("label %q: %v", name, err))
		}
	}
	return nil
}

// link takes the name of a link to a test management system when it is an id.
func (a *allure) link(k *allureResult) error {
	_, err := a.object(func(key string) error {
		if key != "name" {
			return a.skip()
		}
		name, err := a.string()
		k.bound.link(name)
		return err
	})
	return err
}

// step looks for attachments; the outcome of a step is in that of its test.
func (a *allure) step(k *allureResult) error {
	_, err := a.object(func(key string) error {
		switch key {
		case "steps":
			return a.array(func() error { return a.step(k) })
		case "attachments":
			return a.array(func() error { return a.attachment(&k.attached) })
		}
		return a.skip()
	})
	return err
}

func (a *allure) attachment(to *[]allureFile) error {
	var f allureFile
	at, err := a.object(func(key string) (err error) {
		switch key {
		case "name":
			f.name, err = a.string()
		case "source":
			f.source, err = a.string()
		case "type":
			f.kind, err = a.string()
		default:
			err = a.skip()
		}
		return err
	})
	f.at = at
	f.at.entry = a.entry
	*to = append(*to, f)
	return err
}

// allureContainer is a *-container.json: fixtures around tests.
type allureContainer struct {
	children []string
	broken   string // what a fixture that did not pass says
	attached []allureFile
}

func (a *allure) container() (c allureContainer, err error) {
	_, err = a.object(func(key string) (err error) {
		switch key {
		case "children":
			c.children, err = a.strings()
		case "befores", "afters":
			err = a.array(func() error { return a.fixture(&c) })
		default:
			err = a.skip()
		}
		return err
	})
	return c, err
}

// fixture is a test of its own in shape.
func (a *allure) fixture(c *allureContainer) error {
	k, err := a.result()
	if err != nil {
		return err
	}
	c.attached = append(c.attached, k.attached...)
	if k.c.Outcome == evidence.Failed || k.c.Outcome == evidence.Errored {
		c.broken = cmp.Or(c.broken, fmt.Sprintf("fixture %q: %s", cut(k.c.Name, 200), k.c.Message))
	}
	return nil
}

// globals reads a *-globals.json: errors and files that belong to no test.
func (a *allure) globals(g *gathering) (attached []allureFile, err error) {
	_, err = a.object(func(key string) error {
		switch key {
		case "errors":
			return a.array(func() error {
				at, message, _, err := a.details()
				if err == nil {
					g.fatal(at, "an error outside of any test: %s", cut(message, 400))
				}
				return err
			})
		case "attachments":
			return a.array(func() error { return a.attachment(&attached) })
		}
		return a.skip()
	})
	return attached, err
}

// tries keeps the last try of each test and counts the earlier ones. What was
// tried at the same moment counts with its worst outcome.
func tries(results []*allureResult) []*allureResult {
	byTest := map[string]*allureResult{}
	var out []*allureResult
	slices.SortStableFunc(results, func(a, b *allureResult) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(weight(a.c.Outcome), weight(b.c.Outcome)), cmp.Compare(a.at.entry, b.at.entry))
	})
	for i := len(results) - 1; i >= 0; i-- {
		k := results[i]
		if last, again := byTest[k.same()]; again && k.same() != "" {
			last.c.Retries++
			continue
		}
		byTest[k.same()] = k
		out = append(out, k)
	}
	slices.Reverse(out)
	return out
}
