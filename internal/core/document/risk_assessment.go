package document

import (
	"fmt"
)

// outlineRiskAssessment writes how risks are assessed, what they are, what is
// done about each, and what is left.
func outlineRiskAssessment(a *author) {
	risks := a.facts.ItemsOf("RA")
	a.identification()
	a.section("Method")
	a.say("Each risk is judged by three factors from 1 to 3. Their product is its priority, and the priority gives its class; nobody types a class. The factors and texts are read at the pinned commits.")
	a.scales()
	a.say("The class decides the least evidence of what the risk is about: Low is content with any passed test, Medium asks for OV in TST and in VAL, High asks for acceptance in VAL as well.")
	a.section("Risks")
	a.risks(risks)
	a.section("Measures and what is left")
	a.measures(risks)
	a.section("Requirements without a risk")
	a.unassessed()
}

func (a *author) scales() {
	t := Table{
		Caption: "Factors",
		Columns: []Column{{Title: "Factor", Weight: 3}, {Title: "1", Weight: 5}, {Title: "2", Weight: 5}, {Title: "3", Weight: 5}},
	}
	for _, s := range [][4]string{
		{"Severity", "no effect on patients, product or data", "data is wrong or late and is corrected", "patients, product quality or records are affected"},
		{"Occurrence", "not expected", "may happen within a year", "may happen within a month"},
		{"Detection", "noticed at once", "noticed before the data is used", "may stay unnoticed"},
	} {
		t.Rows = append(t.Rows, row(cell(strong(s[0])), plain(s[1]), plain(s[2]), plain(s[3])))
	}
	a.table(t)
	a.table(Table{
		Caption: "Classes",
		Columns: []Column{{Title: "Class", Weight: 3}, {Title: "Priority", Weight: 15}},
		Rows:    []Row{row(class("Low"), plain("1 to 4")), row(class("Medium"), plain("6 to 12")), row(class("High"), plain("18 and 27"))},
	})
}

func (a *author) risks(risks []Item) {
	t := Table{
		Caption: "Risks, the highest first",
		Columns: []Column{
			{Title: "Risk", Weight: 8},
			{Title: "About", Weight: 7},
			{Title: "S", Weight: 1, Numeric: true},
			{Title: "O", Weight: 1, Numeric: true},
			{Title: "D", Weight: 1, Numeric: true},
			{Title: "Priority", Weight: 3, Numeric: true},
			{Title: "Class", Weight: 3},
			{Title: "Since the previous release", Weight: 4},
		},
		Empty: "No risk is recorded at these commits.",
	}
	for _, r := range byPriority(risks) {
		x := r.assessment()
		t.Rows = append(t.Rows, row(detailed(r.ID, r.Title, unwrapped(r.Text)), ids(r.Above), factor(x.Severity), factor(x.Occurrence), factor(x.Detection), factor(x.Priority), class(x.Class), changeMark(r.Change)))
	}
	a.table(t)
}

func (a *author) measures(risks []Item) {
	t := Table{
		Caption: "What mitigates each risk",
		Columns: []Column{{Title: "Risk", Weight: 7}, {Title: "Class", Weight: 3}, {Title: "Mitigated by", Weight: 7}, {Title: "State of the measures", Weight: 8}, {Title: "Class that is left", Weight: 4}},
		Empty:   "There is nothing to mitigate.",
	}
	for _, r := range byPriority(risks) {
		x := r.assessment()
		state := outcome(r.State)
		if r.Reason != "" {
			state = append(state, small(r.Reason))
		}
		t.Rows = append(t.Rows, row(detailed(r.ID, r.Title), class(x.Class), r.mitigated(), state, class(x.Residual)))
	}
	a.table(t)
}

func (i Item) mitigated() []Run {
	if len(i.Below) == 0 {
		return cell(text("nothing named"))
	}
	return ids(i.Below)
}

// unassessed lists the requirements that are relevant to GxP and that no risk
// is about, themselves or through a specification.
func (a *author) unassessed() {
	assessed := map[string]bool{}
	for _, r := range a.facts.ItemsOf("RA") {
		for _, id := range r.Above {
			assessed[id] = true
		}
	}
	for _, fs := range a.facts.ItemsOf("FS") {
		if assessed[fs.ID] {
			for _, id := range fs.Above {
				assessed[id] = true
			}
		}
	}
	t := Table{
		Caption: "Requirements relevant to GxP that no risk is about",
		Columns: []Column{{Title: "Requirement", Weight: 6}, {Title: "Title", Weight: 12}, {Title: "Source", Weight: 8}},
		Empty:   "Every requirement that is relevant to GxP, or a specification of it, has a risk.",
	}
	for _, u := range a.facts.ItemsOf("URS") {
		if u.GxP == "yes" && !assessed[u.ID] && u.Change != Retired {
			t.Rows = append(t.Rows, row(mono(u.ID), plain(u.Title), mono(u.Source)))
		}
	}
	a.table(t)
}

// Retired is the change of an item that is no longer in force.
const Retired = "retired"

func (i Item) assessment() Assessment {
	if i.Assessment == nil {
		return Assessment{}
	}
	return *i.Assessment
}

// byPriority is the risks in force with the highest first.
func byPriority(risks []Item) []Item {
	var out []Item
	for p := int64(27); p >= 0; p-- {
		for _, r := range risks {
			if r.Change != Retired && r.assessment().Priority == p {
				out = append(out, r)
			}
		}
	}
	return out
}

func factor(n int64) []Run {
	if n == 0 {
		return cell(status("?", Negative))
	}
	return plain(fmt.Sprint(n))
}

// class is a risk class as a status.
func class(c string) []Run {
	switch c {
	case "Low":
		return cell(status(c, Positive))
	case "Medium":
		return cell(status(c, Caution))
	case "High":
		return cell(status(c, Negative))
	}
	return cell(status("not given", Negative))
}
