package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// Draft is a document for review before a gate; every page says DRAFT.
type Draft struct{ tree Tree }

// Candidate is the complete text that people sign at approve_for_use. Finalise
// adds the page with their signatures and nothing else.
type Candidate struct{ tree Tree }

// Final is a document of record. Only Finalise and Certify make one.
type Final struct{ tree Tree }

// Tree is what a renderer receives.
func (d Draft) Tree() Tree { return d.tree }

// Tree is what a renderer receives.
func (c Candidate) Tree() Tree { return c.tree }

// Tree is what a renderer receives.
func (f Final) Tree() Tree { return f.tree }

// MakeDraft builds a draft. It fails when the facts are not well formed, when
// the request does not fit them, and for a kind that has no draft.
func MakeDraft(r Request, f Facts) (Draft, error) {
	tree, err := build(r, f, StageDraft)
	return Draft{tree}, err
}

// MakeCandidate builds a candidate; see MakeDraft for the errors.
func MakeCandidate(r Request, f Facts) (Candidate, error) {
	tree, err := build(r, f, StageCandidate)
	return Candidate{tree}, err
}

// OpenCandidate reads the canonical form of a candidate that was rendered
// before, so that it can be finalised: the same bytes come out again. A document
// of another stage is refused.
func OpenCandidate(data []byte) (Candidate, error) {
	t, err := ParseTree(data)
	if err != nil {
		return Candidate{}, err
	}
	if t.Meta.Stage != StageCandidate {
		return Candidate{}, fmt.Errorf("open candidate %q: it is a %s", t.Meta.Number, t.Meta.Stage)
	}
	return Candidate{t}, nil
}

// Finalise is the candidate with a signature page that names the candidate's
// digest. It fails while the gate lacks a required signature, and for a gate
// other than the one the candidate was made for.
func Finalise(c Candidate, g Gate) (Final, error) {
	m := c.tree.Meta
	if g.Name != m.Gate {
		return Final{}, fmt.Errorf("finalise document %q: made for gate %q, signed at %q", m.Number, m.Gate, g.Name)
	}
	if err := signedOff(g); err != nil {
		return Final{}, fmt.Errorf("finalise document %q: %w", m.Number, err)
	}
	data, err := c.tree.JSON()
	if err != nil {
		return Final{}, fmt.Errorf("finalise document %q: %w", m.Number, err)
	}
	m.Stage, m.CandidateSHA = StageFinal, canonical.SHA256(data)
	a := author{sections: headings(c.tree.Blocks)}
	a.signaturePage(m, g)
	return Final{Tree{Schema: TreeSchema, Meta: m, Blocks: slices.Concat(c.tree.Blocks, a.blocks)}}, nil
}

// Certify makes the release certificate. It fails while a gate of the profile
// is absent and while a gate is neither satisfied nor consumed. The certificate lists the signatures of the gates and
// has none of its own.
func Certify(f Facts, revision int) (Final, error) {
	for _, name := range gatesOf(f.Policy.Profile) {
		if !slices.ContainsFunc(f.Gates, func(g Gate) bool { return g.Name == name }) {
			return Final{}, fmt.Errorf("certify release %q of %q: gate %q is not in the facts", f.Release.Version, f.Product.Key, name)
		}
	}
	for _, g := range f.Gates {
		if err := signedOff(g); err != nil {
			return Final{}, fmt.Errorf("certify release %q of %q: %w", f.Release.Version, f.Product.Key, err)
		}
	}
	tree, err := build(Request{Kind: Certificate, Revision: revision}, f, StageFinal)
	return Final{tree}, err
}

// gatesOf are the gates that no release of a profile goes without.
func gatesOf(profile string) []string {
	if profile == "non-gxp" {
		return []string{"approve_to_prd"}
	}
	return []string{"pre_val", "approve_to_prd", "approve_for_use"}
}

func build(r Request, f Facts, s Stage) (Tree, error) {
	if err := r.check(f, s); err != nil {
		return Tree{}, err
	}
	if err := f.Check(); err != nil {
		return Tree{}, fmt.Errorf("build %s of %q %q: %w", r.FileName(), f.Product.Key, f.Release.Version, err)
	}
	digest, err := canonical.Digest(f)
	if err != nil {
		return Tree{}, fmt.Errorf("build %s of %q %q: %w", r.FileName(), f.Product.Key, f.Release.Version, err)
	}
	a := author{kinds: All, facts: f, request: r, stage: s}
	r.Kind.outline(&a)
	if r.Template != nil {
		if a.blocks, err = r.Template.apply(f, a.blocks); err != nil {
			return Tree{}, fmt.Errorf("build %s of %q %q: %w", r.FileName(), f.Product.Key, f.Release.Version, err)
		}
	}
	if !r.Kind.FinalOnly {
		a.sections = headings(a.blocks)
		a.history()
	}
	return Tree{Schema: TreeSchema, Meta: meta(r, f, s, digest), Blocks: a.blocks}, nil
}

func (r Request) check(f Facts, s Stage) error {
	switch {
	case r.Kind.outline == nil:
		return fmt.Errorf("build document %q: want a kind of the catalog", r.Kind.Name)
	case r.Revision < 1 || r.Revision > 99:
		return fmt.Errorf("build document %q: revision %d, want 1 to 99", r.Kind.Name, r.Revision)
	case r.Kind.FinalOnly && s != StageFinal:
		return fmt.Errorf("build document %q: it has no %s, it is made after the last gate", r.Kind.Name, s)
	case r.Kind.PerEnvironment && !f.has(r.Environment):
		return fmt.Errorf("build document %q: environment %q is not in the facts", r.Kind.Name, r.Environment)
	case r.Template != nil && r.Template.Kind != r.Kind.Name:
		return fmt.Errorf("build document %q: template %s is for kind %q", r.Kind.Name, r.Template.Printed(), r.Template.Kind)
	case !r.Kind.PerEnvironment && r.Environment != "":
		return fmt.Errorf("build document %q: environment %q, want none", r.Kind.Name, r.Environment)
	}
	return nil
}

func (f Facts) has(environment string) bool {
	return slices.ContainsFunc(f.Environments, func(e Environment) bool { return e.Name == environment })
}

func meta(r Request, f Facts, s Stage, digest string) Meta {
	title := r.Kind.Title
	if r.Kind.PerEnvironment {
		title += " " + strings.ToUpper(r.Environment)
	}
	m := Meta{
		Number: r.number(f.Product.Key, f.Release.Version, s), Kind: r.Kind.Name, Title: title,
		Product: f.Product.printed(), Version: f.Release.Version, Tag: f.Release.Tag, Commit: f.Release.Commit,
		Environment: r.Environment, Stage: s, Gate: r.Gate, Revision: r.Revision,
		FrozenAt: f.FrozenAt, FactsSHA256: digest, LedgerSize: f.Ledger.Size, LedgerRoot: f.Ledger.Root,
		Tool: f.Tool.Printed(), Evaluation: f.Evaluation, Restriction: f.Restriction.Sentence(),
	}
	if r.Template != nil {
		m.Template, m.TemplateSHA256 = r.Template.Printed(), r.Template.SHA256
	}
	return m
}

func (p Product) printed() string {
	if p.Name == "" {
		return p.Key
	}
	return p.Name
}

// Printed is the tool as documents name it.
func (t Tool) Printed() string {
	s := strings.TrimSpace(t.Name + " " + t.Version)
	if t.Commit != "" {
		s += " (" + short(t.Commit) + ")"
	}
	return s
}

// signedOff reports why a gate does not count as passed: its state, and each
// required signature for which no effective approval is there.
func signedOff(g Gate) error {
	if g.State != GateSatisfied && g.State != GateConsumed {
		return fmt.Errorf("gate %q is %q, want %s or %s", g.Name, g.State, GateSatisfied, GateConsumed)
	}
	if open := g.open(); len(open) > 0 {
		parts := make([]string, len(open))
		for i, r := range open {
			parts[i] = r.printed()
		}
		return fmt.Errorf("gate %q lacks %s", g.Name, strings.Join(parts, ", "))
	}
	return nil
}

// open are the required signatures that no effective approval fills. One
// signature fills one requirement.
func (g Gate) open() []RequiredSignature {
	used := map[int]bool{}
	var open []RequiredSignature
	for _, r := range g.Required {
		filled := false
		for i, s := range g.Signatures {
			if !used[i] && s.Effective && s.Decision == "approve" && s.Meaning == r.Meaning && slices.Contains(r.Roles, s.Role) {
				used[i], filled = true, true
				break
			}
		}
		if !filled {
			open = append(open, r)
		}
	}
	return open
}

func (r RequiredSignature) printed() string {
	return fmt.Sprintf("%s (%s)", strings.Join(r.Roles, " or "), r.Meaning)
}

// JSON is the canonical form: the document's twin, and what its digest is of.
func (t Tree) JSON() ([]byte, error) {
	data, err := canonical.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encode document %q: %w", t.Meta.Number, err)
	}
	return data, nil
}

// ParseTree reads what JSON wrote and nothing else, so that a published twin
// can be rendered again.
func ParseTree(data []byte) (Tree, error) {
	var t Tree
	if err := canonical.Unmarshal(data, &t); err != nil {
		return Tree{}, fmt.Errorf("read document: %w", err)
	}
	if t.Schema != TreeSchema {
		return Tree{}, fmt.Errorf("read document: schema %q, want %q", t.Schema, TreeSchema)
	}
	return t, nil
}
