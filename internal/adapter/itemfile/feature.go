package itemfile

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	gherkin "github.com/cucumber/gherkin/go/v33"
	messages "github.com/cucumber/messages/go/v28"

	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
)

func isFeature(_ *opened, path string) (string, bool) { return "", strings.HasSuffix(path, ".feature") }

// readFeature reads the scenarios of a feature that name an item by a tag or in
// their name. A test is an item; a scenario that names a specification or a
// requirement and no test is a place of that.
func readFeature(_ *opened, f *file, path string, data []byte) {
	n := 0
	document, err := parseFeature(data, func() string { n++; return strconv.Itoa(n) })
	if err != nil {
		f.unreadable(err)
		return
	}
	if document.Feature == nil {
		return
	}
	r := featureReader{file: f, path: path, found: map[string]int{}}
	r.feature(document.Feature)
	for at, i := range r.items {
		i.Text = strings.Join(r.texts[at], "\n\n")
		f.add(i)
	}
}

// parseFeature does not let the library take the process down.
func parseFeature(data []byte, id func() string) (d *messages.GherkinDocument, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("(1:1): %v", p)
		}
	}()
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("(1:1): the file is not UTF-8")
	}
	n := 0
	for line := range bytes.Lines(data) {
		// The library does not survive a line that its buffer cannot hold.
		if n++; len(line) >= bufio.MaxScanTokenSize {
			return nil, fmt.Errorf("(%d:1): the line has %d bytes, want less than %d", n, len(line), bufio.MaxScanTokenSize)
		}
	}
	return gherkin.ParseGherkinDocument(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), id)
}

var featureFault = regexp.MustCompile(`^\((\d+):(\d+)\): (.*)$`)

// unreadable makes a finding of each line of the library's error that has a
// place.
func (f *file) unreadable(err error) {
	before := len(f.findings)
	for line := range strings.SplitSeq(err.Error(), "\n") {
		m := featureFault.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		at := place{}
		at.line, _ = strconv.Atoi(m[1])
		at.column, _ = strconv.Atoi(m[2])
		f.report("DOC-T05", at, "write valid Gherkin", "read feature: %s", m[3])
	}
	if len(f.findings) == before {
		f.report("DOC-T05", start, "write valid Gherkin", "read feature: %v", err)
	}
}

// featureReader walks the scenarios of one feature.
type featureReader struct {
	file  *file
	path  string
	items []trace.Item
	texts [][]string     // of each item, one a scene
	found map[string]int // index of the item by the place of its id
	work  int
}

// maxWork bounds what tags, backgrounds and examples that hold for many
// scenarios are written out to, in bytes.
const maxWork = 64 << 20

// spend counts work; false ends the reading.
func (r *featureReader) spend(bytes int, at *messages.Location) bool {
	if r.work > maxWork {
		return false
	}
	if r.work += bytes; r.work > maxWork {
		r.file.report("DOC-S12", placeIn(at), "split the feature", "tags, backgrounds and examples are written out to more than %d bytes", maxWork)
		return false
	}
	return true
}

// level is a feature, rule, scenario or table of examples with its tags.
type level struct {
	name string
	tags []*messages.Tag
	at   *messages.Location
}

// scene is one scenario, or one table of examples of it, with everything that
// holds for it.
type scene struct {
	levels      []level
	scenario    *messages.Scenario
	backgrounds []*messages.Background
	examples    []*messages.Examples
}

func (r *featureReader) feature(x *messages.Feature) {
	s := scene{levels: []level{{x.Name, x.Tags, x.Location}}}
	for _, c := range x.Children {
		switch {
		case c.Background != nil:
			s.backgrounds = append(slices.Clip(s.backgrounds), c.Background)
		case c.Scenario != nil:
			r.scenario(s, c.Scenario)
		case c.Rule != nil:
			r.rule(s, c.Rule)
		}
	}
}

func (r *featureReader) rule(s scene, x *messages.Rule) {
	s.levels = append(slices.Clip(s.levels), level{x.Name, x.Tags, x.Location})
	for _, c := range x.Children {
		if c.Background != nil {
			s.backgrounds = append(slices.Clip(s.backgrounds), c.Background)
		}
		if c.Scenario != nil {
			r.scenario(s, c.Scenario)
		}
	}
}

// scenario splits one by its tables of examples where those have tags.
func (r *featureReader) scenario(s scene, x *messages.Scenario) {
	s.scenario = x
	s.levels = append(slices.Clip(s.levels), level{x.Name, x.Tags, x.Location})
	if !slices.ContainsFunc(x.Examples, func(e *messages.Examples) bool { return len(e.Tags) > 0 }) {
		s.examples = x.Examples
		r.take(s)
		return
	}
	for _, e := range x.Examples {
		of := s
		of.examples = []*messages.Examples{e}
		of.levels = append(slices.Clip(s.levels), level{oneLine(x.Name + " " + e.Name), e.Tags, e.Location})
		r.take(of)
	}
}

// named is an id with the place that names it.
type named struct {
	id, title string
	at        *messages.Location
}

// maxTags is how many tags may hold for one scenario.
const maxTags = 500

// take makes the items of a scene.
func (r *featureReader) take(s scene) {
	var tests, others []named
	var planned []evidence.Verification
	var environments []string
	manual := false
	if !r.affordable(s) {
		return
	}
	for _, l := range s.levels {
		for _, tag := range l.tags {
			word := strings.TrimPrefix(tag.Name, "@")
			v, err := evidence.ParseVerification(word)
			switch {
			case err == nil:
				if !slices.Contains(planned, v) {
					planned = append(planned, v)
				}
			case strings.EqualFold(word, "manual"):
				manual = true
			case slices.Contains(trace.Environments, strings.ToLower(word)):
				environments = append(environments, strings.ToLower(word))
			case r.isID(word, tag.Location):
				tests, others = sort(tests, others, named{word, l.name, tag.Location})
			}
		}
		for _, id := range evidence.FindIDs(l.name) {
			tests, others = sort(tests, others, named{id, l.name, l.at})
		}
	}
	if len(tests)+len(others) == 0 {
		return
	}
	r.staged(s, planned)
	i := trace.Item{Title: s.scenario.Name, By: trace.Scenario, Planned: planned, Environments: environments, Manual: manual}
	if manual || i.ByPeople() {
		i.Steps = r.stepsOf(s)
	}
	i.Text = r.text(s, len(i.Steps) > 0)
	if len(tests) == 0 {
		tests, others = others, nil
	}
	for _, n := range tests {
		r.put(i, n, others)
	}
}

// affordable counts what a scene costs to read.
func (r *featureReader) affordable(s scene) bool {
	tags, bytes := 0, 0
	for _, l := range s.levels {
		tags += len(l.tags)
		bytes += len(l.name) + 32*len(l.tags)
	}
	if tags > maxTags {
		r.file.report("DOC-S12", placeIn(s.scenario.Location), "use fewer tags", "%d tags hold for scenario %q, want at most %d", tags, s.scenario.Name, maxTags)
		return false
	}
	for _, b := range s.backgrounds {
		bytes += sizeOf(b.Steps)
	}
	return r.spend(bytes+sizeOf(s.scenario.Steps), s.scenario.Location)
}

// sort puts a name where it belongs, once.
func sort(tests, others []named, n named) (t, o []named) {
	to := &others
	if strings.HasPrefix(n.id, "TEST-") {
		to = &tests
	}
	if (strings.HasPrefix(n.id, "TEST-") || strings.HasPrefix(n.id, "FS-") || strings.HasPrefix(n.id, "URS-")) &&
		!slices.ContainsFunc(*to, func(have named) bool { return have.id == n.id }) {
		*to = append(*to, n)
	}
	return tests, others
}

// isID reports whether a tag is an id; one that is meant as such and wrong is a
// finding.
func (r *featureReader) isID(word string, at *messages.Location) bool {
	if !trace.LooksLikeID(word) {
		return false
	}
	_, ok := r.file.newItem(word, placeIn(at))
	return ok
}

func placeIn(l *messages.Location) place { return place{int(l.Line), int(max(l.Column, 1))} }

// staged finds a scene without exactly one verification (DOC-T06). Without a
// tag the folder may say it, as it does for results.
func (r *featureReader) staged(s scene, planned []evidence.Verification) {
	at := placeIn(s.scenario.Location)
	if len(planned) > 1 {
		r.file.report("DOC-T06", at, "keep one of @IV, @OV, @PV, @pIV, @pOV", "scenario %q has the tags of %d verifications: %v", s.scenario.Name, len(planned), planned)
	}
	if _, known := evidence.OfFolder(r.path, ""); len(planned) == 0 && !known {
		r.file.report("DOC-T06", at, "add one of @IV, @OV, @PV, @pIV, @pOV", "scenario %q has no tag of a verification", s.scenario.Name)
	}
}

// put adds a scene to the item of a name: scenes below one tag are one item.
func (r *featureReader) put(i trace.Item, n named, verifies []named) {
	key := fmt.Sprint(n.at.Line, ":", n.at.Column, n.id)
	at, known := r.found[key]
	if !known {
		if r.file.full(placeIn(n.at)) {
			return
		}
		item, ok := r.file.newItem(n.id, placeIn(n.at))
		if !ok {
			return
		}
		at = len(r.items)
		r.found[key] = at
		item.By, item.Title = i.By, n.title
		r.items, r.texts = append(r.items, item), append(r.texts, nil)
	}
	item := &r.items[at]
	for _, v := range i.Planned {
		if !slices.Contains(item.Planned, v) {
			item.Planned = append(item.Planned, v)
		}
	}
	for _, e := range i.Environments {
		if !slices.Contains(item.Environments, e) {
			item.Environments = append(item.Environments, e)
		}
	}
	item.Manual = item.Manual || i.Manual
	item.Steps = append(item.Steps, i.Steps...)
	if item.Kind != trace.TEST {
		return
	}
	if said := i.Title; !strings.HasPrefix(n.title, said) { // the tag holds for more than this scenario
		i.Text = strings.TrimSpace(said + "\n\n" + i.Text)
	}
	if i.Text != "" {
		r.texts[at] = append(r.texts[at], i.Text)
	}
	for _, v := range verifies {
		if err := item.Link(trace.Reference{ID: v.id, At: r.file.at(placeIn(v.at))}); err != nil {
			r.file.report("DOC-T03", placeIn(v.at), "split the test", "%v", err)
		}
	}
}
