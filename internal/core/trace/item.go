// Package trace follows a requirement to its specification, its test and the
// test's results: Scan reads items from Markdown, Check judges them alone, Link
// joins them with results into a matrix. Everything is computed from pinned
// commits; nothing here reads a branch head.
package trace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Kind of an item: the first part of its id.
type Kind string

// The kinds that a matrix is made of. RA items are read and kept; DEV ids are
// not written in headings.
const (
	URS  Kind = "URS"
	FS   Kind = "FS"
	RA   Kind = "RA"
	TEST Kind = "TEST"
)

// Item is one requirement, specification, risk or test, as its source says it.
// In Markdown it is a heading "## FS-corp-procurement-1: title" with a list of
// "- Key: value" and a text.
type Item struct {
	ID    string            `json:"id"`
	Kind  Kind              `json:"kind"`
	Title string            `json:"title"`
	Text  string            `json:"text,omitempty"`
	At    document.Position `json:"at"`
	// Retired items keep their id for ever and are left out of the matrix.
	Retired     bool        `json:"retired,omitempty"`
	Implements  []Reference `json:"implements,omitempty"`  // FS -> URS
	Verifies    []Reference `json:"verifies,omitempty"`    // TEST -> FS or URS
	Assesses    []Reference `json:"assesses,omitempty"`    // RA -> URS or FS
	Mitigations []Reference `json:"mitigations,omitempty"` // RA -> FS or TEST
	// Planned and Environments say where a test is expected to run; empty is
	// what its results show.
	Planned      []evidence.Verification `json:"planned,omitempty"`
	Environments []string                `json:"environments,omitempty"`
	Owner        string                  `json:"owner,omitempty"`
	GxP          string                  `json:"gxp,omitempty"`        // yes, no, "" for not said
	Risk         Class                   `json:"risk,omitempty"`       // as stated; assessments may say more
	Assessment   *Assessment             `json:"assessment,omitempty"` // RA
	Files        []string                `json:"files,omitempty"`      // FS, TEST: patterns of the files that implement it
	Manual       bool                    `json:"manual,omitempty"`     // TEST: a person executes it
	Steps        []Step                  `json:"steps,omitempty"`      // of a manual TEST
	Attributes   []Attribute             `json:"attributes,omitempty"` // every other key
	// By is what stands for the item here, "" where its source defines it.
	By Carrier `json:"by,omitempty"`
	// Places are where else the item stands, after Meet.
	Places []Place `json:"places,omitempty"`
	// Stamp is the fingerprint that the tool of the source computes for the
	// present content, "" for none. A link that names it was reviewed at it.
	Stamp string `json:"stamp,omitempty"`
}

// ForeignID is the key of the attribute that keeps the id which another tool
// gave the item.
const ForeignID = "Foreign id"

// MaxReferences is how many links of one meaning an item has at most.
const MaxReferences = 1000

// Link adds a link whose meaning follows from the kinds of both: a
// specification implements a requirement, a test verifies either, a risk
// assesses either and is mitigated by a test. The error says why the item cannot
// hold it.
func (i *Item) Link(r Reference) error {
	to := i.linksTo(kindOf(r.ID))
	if to == nil {
		return fmt.Errorf("%s cannot link to %s: %s", i.ID, r.ID, rightKinds)
	}
	if !refer(to, r) {
		return fmt.Errorf("%s has more than %d links", i.ID, MaxReferences)
	}
	return nil
}

// linksTo are the links from the item to a kind, nil when it has none. A
// specification that mitigates a risk has to be named as that.
func (i *Item) linksTo(target Kind) *[]Reference {
	required := target == FS || target == URS
	switch {
	case i.Kind == FS && target == URS:
		return &i.Implements
	case i.Kind == TEST && required:
		return &i.Verifies
	case i.Kind == RA && required:
		return &i.Assesses
	case i.Kind == RA && target == TEST:
		return &i.Mitigations
	}
	return nil
}

// refer adds a reference once; false is one too many.
func refer(to *[]Reference, r Reference) bool {
	if slices.ContainsFunc(*to, func(have Reference) bool { return have.ID == r.ID }) {
		return true
	}
	if len(*to) >= MaxReferences {
		return false
	}
	*to = append(*to, r)
	return true
}

// Stated is what is wrong with an item that says nothing (DOC-S04).
func (i Item) Stated() []document.Finding {
	if i.Text != "" || i.Retired || i.Kind != URS && i.Kind != FS {
		return nil
	}
	return []document.Finding{finding("DOC-S04", i.At, "write what is required", "%s has no statement", i.ID)}
}

// ByPeople reports whether people execute the test: it says so, or everything
// that is planned for it is acceptance.
func (i Item) ByPeople() bool {
	if i.Manual || len(i.Planned) == 0 {
		return i.Manual
	}
	return !slices.ContainsFunc(i.Planned, func(v evidence.Verification) bool { return !v.ByPeople() })
}

// Step is one step of a manual test.
type Step struct {
	Action   string `json:"action"`
	Expected string `json:"expected,omitempty"`
}

// Reference is a link to another item.
type Reference struct {
	ID string            `json:"id"`
	At document.Position `json:"at"`
	// Seen is the fingerprint of the target that the link was reviewed at, ""
	// where the link does not say: "- Implements: URS-corp-1@3f9a12bcdd44".
	Seen string `json:"seen,omitempty"`
}

// Attribute is a key of the list that has no meaning here.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Result is one case of a result file, as far as tracing wants to know. It is
// bound to environment, attempt and commit. Only cases that count are given to
// Link; evidence.Classify says which.
type Result struct {
	IDs          []string         `json:"ids"` // TEST, FS and URS ids that the case names
	Name         string           `json:"name"`
	Verification string           `json:"verification"`
	Environment  string           `json:"environment"` // "" for UT and DT
	Attempt      int              `json:"attempt"`
	Commit       string           `json:"commit"`
	Outcome      evidence.Outcome `json:"outcome"`
	Evidence     string           `json:"evidence"` // SHA-256 of the file
	Class        string           `json:"class,omitempty"`
	Retries      int              `json:"retries,omitempty"` // failed tries inside the case
}

// kindOf is the kind of an id that was parsed before.
func kindOf(id string) Kind {
	kind, _, _ := strings.Cut(id, "-")
	return Kind(kind)
}
