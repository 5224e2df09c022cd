package trace

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Carrier is what stands for an item in the code, where its source names the
// item and does not define it.
type Carrier string

// The closed list of carriers.
const (
	Scenario Carrier = "scenario" // of a feature: it carries a test out
	Job      Carrier = "job"      // of a workflow: its conclusion is a result of the test
	Mapped   Carrier = "test map" // a line that binds results to a test
	Resource Carrier = "resource" // of the bundle: it deploys a specification
)

// Place is where a carrier stands.
type Place struct {
	By   Carrier           `json:"by"`
	Name string            `json:"name"`
	At   document.Position `json:"at"`
}

// Meet makes one item of a definition and everything that carries it out, in
// the order of the items. A test that is defined nowhere is what its first
// carrier says. What a carrier knows and the definition leaves open is taken
// over: links, planned verifications, environments, steps. A carrier that names
// a specification or requirement adds its place and nothing else; one that does
// not exist is a finding (DOC-S08, DOC-T03), and so is a second scenario for one
// test (DOC-S02). Several definitions of an id are left for Check.
func Meet(items []Item) ([]Item, []document.Finding) {
	if !slices.ContainsFunc(items, func(i Item) bool { return i.By != "" }) {
		return items, nil
	}
	m := meeting{items: make([]Item, 0, len(items)), at: make(map[string]int, len(items)), own: map[int]bool{}}
	for i := range items {
		if items[i].By == "" {
			m.keep(items[i])
		}
	}
	for i := range items {
		if items[i].By != "" {
			m.meet(items[i])
		}
	}
	return m.items, m.findings
}

type meeting struct {
	items    []Item
	at       map[string]int // index of the item that counts
	own      map[int]bool   // items whose lists were copied: those of a file are kept for others
	findings []document.Finding
}

func (m *meeting) keep(i Item) {
	if _, twice := m.at[i.ID]; !twice {
		m.at[i.ID] = len(m.items)
	}
	m.items = append(m.items, i)
}

func (m *meeting) meet(i Item) {
	place := Place{By: i.By, Name: i.Title, At: i.At}
	at, known := m.at[i.ID]
	switch {
	case i.By == Resource && (!known || i.Kind != FS || m.items[at].Retired):
		m.findings = append(m.findings, finding("DOC-S08", i.At, "name a specification that is in force", "%s deploys %s, which is no specification in force", i.Title, i.ID))
	case !known && i.Kind == TEST:
		i.Places = []Place{place}
		m.keep(i)
	case !known:
		m.findings = append(m.findings, finding("DOC-T03", i.At, "correct the id, or write the item", "%s %q names %s, which does not exist", i.By, i.Title, i.ID))
	default:
		if !m.own[at] {
			to := &m.items[at]
			to.Places, to.Verifies, m.own[at] = slices.Clone(to.Places), slices.Clone(to.Verifies), true
		}
		m.join(&m.items[at], i, place)
	}
}

// join adds what a carrier says to the item.
func (m *meeting) join(to *Item, i Item, place Place) {
	if i.By == Scenario && i.Kind == TEST {
		if first := slices.IndexFunc(to.Places, func(p Place) bool { return p.By == Scenario }); first >= 0 {
			m.findings = append(m.findings, finding("DOC-S02", i.At, "give the scenario a number that was never used", "%s stands at two scenarios, first at %s", i.ID, to.Places[first].At))
		}
	}
	to.Places = append(to.Places, place)
	if i.Kind != TEST {
		if len(to.Planned) == 0 && to.Kind == FS {
			to.Planned = i.Planned
		}
		return
	}
	for _, r := range i.Verifies {
		if !refer(&to.Verifies, r) {
			m.findings = append(m.findings, finding("DOC-S12", i.At, "split the test", "%s has more than %d links", i.ID, MaxReferences))
			break
		}
	}
	if len(to.Planned) == 0 {
		to.Planned = i.Planned
	}
	if len(to.Environments) == 0 {
		to.Environments = i.Environments
	}
	if len(to.Steps) == 0 {
		to.Steps = i.Steps
	}
	if to.Text == "" {
		to.Text = i.Text
	}
	to.Manual = to.Manual || i.Manual
}
