package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// maxMatcherFile is the size of a file of problem matchers, in bytes.
const maxMatcherFile = 1 << 20

// matcher finds annotations in what steps print (actions/toolkit, "problem
// matchers"): its patterns match successive lines.
type matcher struct {
	Owner    string           `json:"owner"`
	Severity string           `json:"severity"`
	Patterns []matcherPattern `json:"pattern"`
}

// matcherPattern says which groups of an expression hold the parts.
type matcherPattern struct {
	Regexp   string `json:"regexp"`
	File     *int   `json:"file"`
	FromPath *int   `json:"fromPath"`
	Line     *int   `json:"line"`
	Column   *int   `json:"column"`
	Severity *int   `json:"severity"`
	Code     *int   `json:"code"`
	Message  *int   `json:"message"`
	Loop     bool   `json:"loop"`

	re *regexp.Regexp
}

// problem is what the patterns of a matcher found so far; the first one that has
// a part sets it.
type problem struct{ file, fromPath, line, severity, message string }

// groups are the parts by the group that holds each.
func (p *matcherPattern) groups() map[string]*int {
	return map[string]*int{
		"file": p.File, "fromPath": p.FromPath, "line": p.Line, "column": p.Column,
		"severity": p.Severity, "code": p.Code, "message": p.Message,
	}
}

// check reports what is wrong with a matcher and compiles it.
func (m *matcher) check() error {
	if m.Owner == "" {
		return errors.New("a problem matcher must have an owner")
	}
	if !slices.Contains([]string{"", "error", "warning", "notice"}, strings.ToLower(m.Severity)) {
		return fmt.Errorf("problem matcher %q: severity is %q: want error, warning or notice", m.Owner, m.Severity)
	}
	set := map[string]bool{}
	for i := range m.Patterns {
		p, last := &m.Patterns[i], i == len(m.Patterns)-1
		if p.Loop && (i == 0 || !last || p.Message == nil) {
			return fmt.Errorf("problem matcher %q: only the last of several patterns, and one with a message, can have loop", m.Owner)
		}
		var err error
		if p.re, err = regexp.Compile(p.Regexp); err != nil {
			return patternError{m.Owner, err}
		}
		for name, group := range p.groups() {
			switch {
			case group == nil:
				continue
			case set[name]:
				return fmt.Errorf("problem matcher %q: %s is set twice", m.Owner, name)
			case *group < 0 || *group > p.re.NumSubexp():
				return fmt.Errorf("problem matcher %q: %s is group %d: want 0 to %d", m.Owner, name, *group, p.re.NumSubexp())
			}
			set[name] = true
		}
	}
	if !set["message"] {
		return fmt.Errorf("problem matcher %q: no pattern has a message", m.Owner)
	}
	return nil
}

// patternError is an expression that this runner cannot use.
type patternError struct {
	owner string
	err   error
}

func (e patternError) Error() string {
	return fmt.Sprintf("problem matcher %q is not used: %v", e.owner, e.err)
}

// matchers are those of a job, the last one added first.
type matchers struct {
	mu   sync.Mutex
	list []*matcher
}

func (m *matchers) all() []*matcher {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.list)
}

func (m *matchers) remove(owner string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = slices.DeleteFunc(m.list, func(have *matcher) bool { return strings.EqualFold(have.Owner, owner) })
}

func (m *matchers) add(one *matcher) {
	m.remove(one.Owner)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append([]*matcher{one}, m.list...)
}

// matching follows the lines of one stream.
type matching map[*matcher][]*problem

// colours are what terminals take for a change of colour.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*m?`)

// find gives the problem that ends with this line. A matcher that has found one
// ends what others have begun.
func (s matching) find(list []*matcher, line string) *problem {
	for _, m := range list {
		found := s.match(m, line)
		if found == nil {
			continue
		}
		for other := range s {
			if other != m {
				delete(s, other)
			}
		}
		if strings.TrimSpace(found.message) != "" && found.level() != "" {
			return found
		}
	}
	return nil
}

// match goes through the patterns from the last one, so that a line is not taken
// for two of them.
func (s matching) match(m *matcher, line string) *problem {
	begun := s[m]
	if begun == nil {
		begun = make([]*problem, len(m.Patterns))
		s[m] = begun
	}
	// begun[i] is what the patterns before the i-th one found.
	begun[0] = &problem{}
	for i := len(m.Patterns) - 1; i >= 0; i-- {
		p, last := &m.Patterns[i], i == len(m.Patterns)-1
		if begun[i] == nil {
			continue
		}
		groups := p.re.FindStringSubmatch(line)
		switch {
		case groups == nil && last:
			begun[i] = nil
		case groups == nil:
			begun[i+1] = nil
		case last:
			found := begun[i].with(p, groups)
			if found.severity == "" {
				found.severity = m.Severity
			}
			before := begun[i]
			clear(begun)
			if p.Loop {
				begun[i] = before
			}
			return &found
		default:
			next := begun[i].with(p, groups)
			begun[i+1] = &next
		}
	}
	return nil
}

// with adds what a pattern found.
func (b problem) with(p *matcherPattern, groups []string) problem {
	for _, part := range []struct {
		to    *string
		group *int
	}{{&b.file, p.File}, {&b.fromPath, p.FromPath}, {&b.line, p.Line}, {&b.severity, p.Severity}, {&b.message, p.Message}} {
		if part.group != nil && *part.to == "" {
			*part.to = groups[*part.group]
		}
	}
	return b
}

// level is that of the annotation, "" for none.
func (b problem) level() string {
	level := strings.ToLower(b.severity)
	switch level {
	case "":
		return "error"
	case "error", "warning", "notice":
		return level
	default:
		return ""
	}
}

// annotationOf gives the annotation of a problem. A file counts only when it is
// there, in the workspace.
func (j *job) annotationOf(b *problem) pipeline.Annotation {
	a := pipeline.Annotation{Level: b.level(), Message: b.message}
	if line, err := strconv.Atoi(b.line); err == nil {
		a.Line = max(line, 0)
	}
	if b.file == "" {
		return a
	}
	file := b.file
	if !filepath.IsAbs(file) && b.fromPath != "" {
		file = filepath.Join(filepath.Dir(b.fromPath), file)
	}
	file = j.fromWorkspace(file)
	place, ok := j.area.within(file, false)
	if !ok {
		return a
	}
	if info, err := j.area.top.root.Stat(place); err != nil || !info.Mode().IsRegular() {
		return a
	}
	if inside := j.inWorkspace(file); inside != file {
		a.File = inside
	}
	return a
}

// fromWorkspace gives the absolute path of a file.
func (j *job) fromWorkspace(file string) string {
	if !filepath.IsAbs(file) {
		file = filepath.Join(j.area.workspace(), file)
	}
	return filepath.Clean(file)
}

// inWorkspace gives the path of a file relative to the workspace if it is there.
func (j *job) inWorkspace(file string) string {
	if rest, ok := strings.CutPrefix(file, j.area.workspace()+"/"); ok && rest != "" {
		return rest
	}
	return file
}

// readMatchers reads a file of problem matchers.
func (j *job) readMatchers(file string) ([]matcher, error) {
	place, ok := j.area.within(j.fromWorkspace(file), j.privateTmp())
	if !ok {
		return nil, fmt.Errorf("read problem matchers %q: not in a directory of the job", file)
	}
	text, err := j.area.top.read(place, maxMatcherFile)
	if err != nil {
		return nil, fmt.Errorf("read problem matchers: %w", err)
	}
	var read struct {
		Matchers []matcher `json:"problemMatcher"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &read); err != nil {
		return nil, fmt.Errorf("read problem matchers %q: %w", file, err)
	}
	return read.Matchers, nil
}

// addMatcher takes over the matchers of a file.
func (c *commands) addMatcher(cmd command) error {
	if cmd.data == "" {
		c.system("##[warning]add-matcher names no file")
		return nil
	}
	list, err := c.job.readMatchers(cmd.data)
	if err != nil {
		return err
	}
	owners := map[string]bool{}
	for i := range list {
		owner := strings.ToLower(list[i].Owner)
		if owners[owner] {
			return fmt.Errorf("read problem matchers %q: owner %q is there twice", cmd.data, owner)
		}
		owners[owner] = true
		err := list[i].check()
		var pattern patternError
		switch {
		case errors.As(err, &pattern):
			c.system("##[warning]" + err.Error())
		case err != nil:
			return err
		default:
			c.job.matchers.add(&list[i])
		}
	}
	return nil
}

// removeMatcher takes matchers out, by their owner or as a file lists them.
func (c *commands) removeMatcher(cmd command) error {
	owner := cmd.properties["owner"]
	switch {
	case (owner == "") == (cmd.data == ""):
		c.system("##[warning]remove-matcher: want either an owner or a file")
	case owner != "":
		c.job.matchers.remove(owner)
	default:
		list, err := c.job.readMatchers(cmd.data)
		if err != nil {
			return err
		}
		for _, m := range list {
			c.job.matchers.remove(m.Owner)
		}
	}
	return nil
}
