package testresult

import (
	"fmt"
	"io"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

func sniffCTRF(h head) bool {
	return h.has("results.tests") || h.has("reportFormat") || h.has("results.tool", "results.summary")
}

// readCTRF reads the Common Test Report Format (ctrf.io, specification 0 and
// 1): {"results": {"tool", "summary", "tests": []}}.
func readCTRF(r io.Reader) evidence.Report {
	return readJSON(r, func(d *document, g *gathering) error {
		c := &ctrf{document: d, gathering: g}
		at, err := d.object(func(key string) error {
			if key != "results" {
				return d.skip()
			}
			_, err := d.object(c.results)
			return err
		})
		if err == nil {
			c.compare(at)
		}
		return err
	})
}

type ctrf struct {
	*document
	*gathering
	claimed map[string]int64 // what the summary says
	summary place
}

func (c *ctrf) results(key string) error {
	switch key {
	case "tests":
		return c.array(c.test)
	case "summary":
		c.claimed = map[string]int64{}
		at, err := c.object(func(key string) error {
			switch key {
			case "tests", "failed", "other":
				n, err := c.count()
				c.claimed[key] = n
				return err
			}
			return c.skip()
		})
		c.summary = at
		return err
	}
	return c.skip()
}

// compare holds the summary against the tests: failures that no test shows
// would otherwise be lost.
func (c *ctrf) compare(at place) {
	if c.claimed == nil {
		c.note(at, "the file has no summary")
		return
	}
	t := evidence.Count(c.cases)
	if want := c.claimed["failed"] + c.claimed["other"]; want > t.Failed+t.Errored {
		c.fatal(c.summary, "the summary claims %d failed and other tests, the tests show %d", want, t.Failed+t.Errored)
	}
	if want := c.claimed["tests"]; want != t.Cases {
		c.note(c.summary, "the summary claims %d tests, there are %d", want, t.Cases)
	}
}

func (c *ctrf) test() error {
	var k evidence.Case
	var bound binding
	var wrong []error
	var status, trace string
	var flaky bool
	at, err := c.object(func(key string) (err error) {
		var list []string
		switch key {
		case "name":
			k.Name, err = c.string()
		case "status":
			status, err = c.string()
		case "suite":
			list, err = c.strings()
			k.Suite = pathOf(list...)
		case "filePath":
			k.File, err = c.string()
		case "message":
			k.Message, err = c.string()
		case "trace":
			trace, err = c.string()
		case "duration":
			var bad error
			if k.DurationUS, bad, err = c.duration(1e3); bad != nil {
				wrong = append(wrong, bad)
			}
		case "retries":
			var n int64
			n, err = c.count()
			k.Retries = int(n)
		case "flaky":
			flaky, err = c.bool()
		case "tags":
			list, err = c.strings()
			for _, tag := range list {
				bound.tag(tag)
			}
		case "extra", "labels":
			var bad []error
			bad, err = c.properties(&bound)
			wrong = append(wrong, bad...)
		default:
			err = c.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, bad := range wrong {
		c.note(at, "test %q: %v", cut(k.Name, 200), bad)
	}
	bound.bind(&k)
	if flaky {
		k.Retries = max(k.Retries, 1)
	}
	concluded(&k, status, trace)
	return c.add(k, at)
}

// concluded gives the case its outcome, and a message: its own, that of the
// stack trace, or what is wrong with the status.
func concluded(k *evidence.Case, status, trace string) {
	if k.Message == "" {
		k.Message = trace
	}
	k.Outcome = ctrfOutcome(status)
	if k.Outcome == evidence.Errored && k.Message == "" {
		k.Message = fmt.Sprintf("the status is %q, want passed, failed, skipped or pending", cut(status, 40))
	}
}

// ctrfOutcome reads the status of a test. A pending one was not run; other, and
// what the specification does not know, has no answer.
func ctrfOutcome(status string) evidence.Outcome {
	switch status {
	case "passed":
		return evidence.Passed
	case "failed":
		return evidence.Failed
	case "skipped", "pending":
		return evidence.Skipped
	}
	return evidence.Errored
}

// properties reads an object whose values are texts or arrays of texts.
func (c *ctrf) properties(b *binding) (wrong []error, err error) {
	_, err = c.object(func(key string) error {
		values, err := c.strings()
		for _, v := range values {
			wrong = append(wrong, b.property(key, v)...)
		}
		return err
	})
	return wrong, err
}
