package testresult

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// binding is what a case, or what encloses it, says of itself: the ids that it
// verifies and which verification it is.
type binding struct {
	ids          []string
	verification evidence.Verification
}

// inherit is a binding of something inside.
func (b binding) inherit() binding {
	return binding{ids: slices.Clone(b.ids), verification: b.verification}
}

// property takes a named value: verifies and test_id name ids, verification and
// stage name the verification, tags may hold both. Any other name means nothing
// here. What cannot be read is returned.
func (b *binding) property(name, value string) (wrong []error) {
	switch strings.ToLower(name) {
	case "verifies", "test_id":
		for _, w := range words(value) {
			id := strings.TrimPrefix(w, "@")
			if _, err := evidence.ParseID(id); err != nil {
				wrong = append(wrong, err)
				continue
			}
			b.ids = append(b.ids, id)
		}
	case "verification", "stage":
		v, err := evidence.ParseVerification(value)
		if err != nil {
			return []error{err}
		}
		b.verification = v
	case "tag", "tags":
		for _, w := range words(value) {
			b.tag(w)
		}
	}
	return wrong
}

// tag takes one tag, with or without its @: an id, a verification, or something
// that means nothing here. Of several verifications the last one, which is the
// innermost, holds.
func (b *binding) tag(tag string) {
	if b.link(tag) {
		return
	}
	if v, err := evidence.ParseVerification(tag); err == nil {
		b.verification = v
	}
}

// link takes a text that is an id as a whole, and reports whether it is one.
func (b *binding) link(text string) bool {
	id := strings.TrimPrefix(strings.TrimSpace(text), "@")
	if !evidence.IsID(id) {
		return false
	}
	b.ids = append(b.ids, id)
	return true
}

// bind gives a case what was said.
func (b binding) bind(c *evidence.Case) {
	c.IDs = append(c.IDs, b.ids...)
	if b.verification != "" {
		c.Verification = b.verification
	}
}

func words(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool {
		return r == ' ' || r == ',' || r == ';' || r == '\t' || r == '\r' || r == '\n'
	})
}
