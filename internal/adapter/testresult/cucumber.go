package testresult

import (
	"fmt"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// sniffCucumber takes an array of features; a run of nothing is an empty one.
func sniffCucumber(h head) bool {
	if len(h.text) == 0 || h.text[0] != '[' {
		return false
	}
	return h.has("[].elements") || h.has("[].uri", "[].keyword") || strings.TrimSpace(strings.TrimPrefix(string(h.text), "[")) == "]"
}

// readCucumber reads the JSON of the Cucumber family: an array of features with
// elements that are scenarios, rows of outlines and, from the older producers,
// backgrounds, whose steps belong to the scenario that follows.
func readCucumber(r io.Reader) evidence.Report {
	return readJSON(r, func(d *document, g *gathering) error {
		c := &cucumber{document: d, gathering: g}
		return d.array(c.feature)
	})
}

type cucumber struct {
	*document
	*gathering
	background *scenario  // that waits for its scenario
	scenarios  []scenario // of the open feature
}

// scenario is one element of a feature.
type scenario struct {
	at         place
	kind, name string
	source     int64 // line in the feature file
	bound      binding
	steps      int // without hooks
	worst      step
	micros     int64
}

// step is a step or a hook.
type step struct {
	keyword, name, status, message string
	micros                         int64
	hook                           bool
	there                          bool // false in a scenario without steps
}

func (c *cucumber) feature() error {
	var name, uri string
	var bound binding
	at, err := c.object(func(key string) (err error) {
		switch key {
		case "name":
			name, err = c.string()
		case "uri":
			uri, err = c.string()
		case "tags":
			err = c.tags(&bound)
		case "elements":
			err = c.array(c.element)
		default:
			err = c.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(c.scenarios) == 0 {
		c.fatal(at, "feature %q holds no scenario", name)
	}
	if c.background != nil {
		c.fatal(at, "feature %q ends with a background and no scenario for it", name)
	}
	for _, s := range c.scenarios {
		k := s.result()
		k.Suite, k.File = name, uri
		if s.source > 0 { // rows of an outline have nothing else of their own
			k.File = fmt.Sprintf("%s:%d", uri, s.source)
		}
		all := bound.inherit()
		all.bind(&k)
		s.bound.bind(&k)
		if err := c.add(k, s.at); err != nil {
			return err
		}
	}
	c.scenarios, c.background = nil, nil
	return nil
}

func (c *cucumber) element() error {
	s := scenario{}
	at, err := c.object(func(key string) (err error) {
		switch key {
		case "type":
			s.kind, err = c.string()
		case "name":
			s.name, err = c.string()
		case "line":
			s.source, err = c.count()
		case "tags":
			err = c.tags(&s.bound)
		case "steps":
			err = c.array(func() error { return c.step(&s, false) })
		case "before", "after":
			err = c.array(func() error { return c.step(&s, true) })
		default:
			err = c.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if s.kind == "background" {
		c.background = &s
		return nil
	}
	if b := c.background; b != nil {
		s.steps, s.micros, c.background = s.steps+b.steps, s.micros+b.micros, nil
		if weight(b.worst.outcome()) > weight(s.worst.outcome()) {
			s.worst = b.worst
		}
	}
	if len(c.scenarios) >= MaxCases {
		return flawed(at, "the file holds more than %d cases", MaxCases)
	}
	s.at = at
	c.scenarios = append(c.scenarios, s)
	return nil
}

func (c *cucumber) step(s *scenario, hook bool) error {
	p := step{hook: hook}
	at, err := c.object(func(key string) (err error) {
		switch key {
		case "keyword":
			p.keyword, err = c.string()
		case "name":
			p.name, err = c.string()
		case "hidden": // cucumber-js writes hooks as hidden steps
			p.hook, err = c.bool()
		case "result":
			_, err = c.object(func(key string) (err error) { return c.outcome(&p, key) })
		case "before", "after": // hooks of the step
			err = c.array(func() error { return c.step(s, true) })
		default:
			err = c.skip() // embeddings and output among them
		}
		return err
	})
	if err != nil {
		return err
	}
	p.there = true
	if p.micros < 0 {
		c.note(at, "step %q: want a duration from 0 to a year", cut(p.name, 200))
		p.micros = 0
	}
	s.micros += p.micros
	if !p.hook {
		s.steps++
	}
	if p.hook && p.outcome() == evidence.Skipped { // a hook that has nothing to do
		return nil
	}
	if weight(p.outcome()) > weight(s.worst.outcome()) {
		s.worst = p
	}
	return nil
}

func (c *cucumber) outcome(p *step, key string) (err error) {
	switch key {
	case "status":
		p.status, err = c.string()
	case "error_message":
		p.message, err = c.string()
	case "duration":
		var wrong error
		if p.micros, wrong, err = c.duration(1e-3); wrong != nil {
			p.micros = -1
		}
	default:
		err = c.skip()
	}
	return err
}

// tags reads the tags of a feature or a scenario, objects or plain texts.
func (c *cucumber) tags(b *binding) error {
	return c.array(func() error {
		token, err := c.token()
		if err != nil {
			return err
		}
		if s, ok := token.(string); ok {
			b.tag(s)
			return nil
		}
		if kindOf(token) != "an object" {
			return flawed(c.last, "%s, want a tag", kindOf(token))
		}
		return c.members(func(key string) error {
			if key != "name" {
				return c.skip()
			}
			name, err := c.string()
			b.tag(name)
			return err
		})
	})
}

// outcome of a step. What has no definition, or no result at all, was not run
// to an answer.
func (p step) outcome() evidence.Outcome {
	switch strings.ToLower(p.status) {
	case "passed":
		return evidence.Passed
	case "failed":
		return evidence.Failed
	case "skipped":
		return evidence.Skipped
	}
	if p.there {
		return evidence.Errored
	}
	return evidence.Passed
}

// result is the case that a scenario is: as bad as its worst step or hook.
func (s scenario) result() evidence.Case {
	k := evidence.Case{Name: s.name, Outcome: s.worst.outcome(), DurationUS: s.micros}
	p := s.worst
	what := strings.TrimSpace(strings.TrimSpace(p.keyword) + " " + p.name)
	switch {
	case k.Outcome == evidence.Errored && p.status == "":
		k.Message = fmt.Sprintf("step %q has no result", what)
	case k.Outcome == evidence.Errored:
		k.Message = fmt.Sprintf("step %q is %s", what, p.status)
	case k.Outcome != evidence.Passed:
		k.Message = p.message
		if k.Message == "" {
			k.Message = fmt.Sprintf("step %q is %s", what, p.status)
		}
	case s.steps == 0:
		k.Outcome, k.Message = evidence.Errored, "the scenario has no step"
	}
	return k
}
