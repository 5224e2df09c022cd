package document

import (
	"fmt"
	"strings"
)

// decisions are what people decided beside the gates, in sections of their own.
func (a *author) decisions() {
	a.section("Deviations, waivers and holds")
	a.deviationList(a.facts.Decisions.Deviations)
	a.waivers()
	a.holds()
	a.section("Consultation and review")
	a.comments()
	a.reviews()
}

func (a *author) deviationList(all []Deviation) {
	t := Table{
		Caption: "Deviation list",
		Columns: []Column{{Title: "Deviation", Weight: 6}, {Title: "What failed", Weight: 7}, {Title: "Disposition", Weight: 6}, {Title: "Cause and action", Weight: 8}, {Title: "Accepted by", Weight: 11}},
		Empty:   "No deviation is recorded.",
	}
	for _, d := range all {
		opened := "opened " + stamp(d.OpenedAt)
		if by := d.OpenedBy.printed(); by != "" {
			opened += " by " + by
		}
		state, by := cell(status("open", Negative)), plain("")
		if d.Disposition != "" {
			state = cell(status(d.Disposition, Caution))
		}
		if d.Signature != nil {
			by = d.Signature.runs()
		}
		t.Rows = append(t.Rows, row(detailed(d.ID, opened, d.Source), plain(d.Text), state, lines(labelled("Cause", d.Cause), labelled("Action", d.Action)), by))
	}
	a.table(t)
}

func labelled(label, s string) string {
	if s == "" {
		return ""
	}
	return label + ": " + s
}

// ofEnvironment are the deviations of the jobs of the report's environment, and
// those of no job.
func (a *author) ofEnvironment() []Deviation {
	env := map[string]string{}
	for _, j := range a.facts.Jobs {
		env[j.Key] = j.Environment
	}
	var out []Deviation
	for _, d := range a.facts.Decisions.Deviations {
		if e := env[d.Job]; e == "" || e == a.request.Environment {
			out = append(out, d)
		}
	}
	return out
}

func (a *author) waivers() {
	t := Table{
		Caption: "Waivers",
		Columns: []Column{{Title: "Waiver", Weight: 5}, {Title: "Check and item", Weight: 7}, {Title: "Risk and compensating control", Weight: 8}, {Title: "Ends", Weight: 5}, {Title: "Signed by", Weight: 11}},
		Empty:   "No waiver is recorded.",
	}
	for _, w := range a.facts.Decisions.Waivers {
		by := plain("nobody yet")
		for i, s := range w.Signatures {
			if i == 0 {
				by = s.runs()
				continue
			}
			by = append(append(by, newline()), s.runs()...)
		}
		state := append(plain(w.ID), newline())
		state = append(append(state, w.state(a.facts.FrozenAt)...), small("asked for "+stamp(w.AskedAt)+" by "+orDash(w.AskedBy.printed())))
		t.Rows = append(t.Rows, row(state, detailed(w.Check, w.Item), lines("Risk: "+w.Risk, "Control: "+w.Control), plain(stamp(w.Expires)), by))
	}
	a.table(t)
}

// state is that of the waiver at a time; a granted one runs out.
func (w Waiver) state(at string) []Run {
	switch {
	case w.State == "granted" && w.Expires <= at:
		return cell(status("run out", Negative))
	case w.State == "granted":
		return cell(status(w.State, Positive))
	case w.State == "refused":
		return cell(status(w.State, Negative))
	}
	return cell(status(w.State, Caution))
}

func (a *author) holds() {
	t := Table{
		Caption: "Holds",
		Columns: []Column{{Title: "From", Weight: 5}, {Title: "By", Weight: 5}, {Title: "Because", Weight: 9}, {Title: "Until", Weight: 5}, {Title: "Resumed", Weight: 9}},
		Empty:   "The release was never on hold.",
	}
	for _, h := range a.facts.Decisions.Holds {
		until, resumed := cell(status("on hold", Negative)), plain("")
		if h.Until != "" {
			until, resumed = plain(stamp(h.Until)), detailed(h.Resumed, "by "+orDash(h.ResumedBy.printed()))
		}
		t.Rows = append(t.Rows, row(plain(stamp(h.From)), plain(h.By.printed()), plain(h.Because), until, resumed))
	}
	a.table(t)
}

func (a *author) comments() {
	t := Table{
		Caption: "Comments of people who were consulted",
		Columns: []Column{{Title: "Time", Weight: 5}, {Title: "Gate", Weight: 5}, {Title: "Person", Weight: 6}, {Title: "Comment", Weight: 14}},
		Empty:   "Nobody who was consulted commented.",
	}
	for _, x := range a.facts.Decisions.Comments {
		t.Rows = append(t.Rows, row(plain(stamp(x.At)), detailed(gateTitle(x.Gate), "manifest "+short(x.ManifestSHA256)), plain(x.Person.printed()), plain(x.Text)))
	}
	a.table(t)
}

func (a *author) reviews() {
	t := Table{
		Caption: "Reviews of the audit trail",
		Columns: []Column{{Title: "Reviewed by", Weight: 12}, {Title: "Exception list, SHA-256", Weight: 13}},
		Empty:   "Nobody has reviewed the audit trail of this release yet.",
	}
	for _, r := range a.facts.Decisions.Reviews {
		t.Rows = append(t.Rows, row(r.Signature.runs(), mono(r.ListSHA256)))
	}
	a.table(t)
}

// runs is a signature inside of a cell, with everything that is printed of one
// (21 CFR 11.50).
func (s Signature) runs() []Run {
	out := []Run{strong(s.Name())}
	for _, line := range s.Printed().Lines() {
		out = append(out, small(line))
	}
	return out
}

// changeType is the type that the release goes by, with what it refers to, and
// why it is not the declared one.
func (r Release) changeType() []Run {
	out := []Run{strong(orDash(r.ChangeType))}
	switch {
	case r.Declared != "" && r.Declared != r.ChangeType:
		out = append(out, text(", declared was "+strings.TrimSpace(r.Declared+" "+r.Reference)))
	case r.Reference != "":
		out = append(out, text(", "+r.referred()+" "), code(r.Reference))
	}
	for _, because := range r.Because {
		out = append(out, small(because))
	}
	return out
}

// referred is what the reference of a type of change is.
func (r Release) referred() string {
	switch r.ChangeType {
	case "standard":
		return "template"
	case "emergency":
		return "incident"
	case "hotfix":
		return "of version"
	}
	return "reference"
}

// Restricted is the mark of a document of a release that is used before
// everything about it is done.
const Restricted = "USE UNDER RESTRICTION"

// Sentence says what restricts the use of the release and by when the rest has
// to be there, "" where nothing does.
func (r *Restriction) Sentence() string {
	switch {
	case r == nil || r.CaughtUp:
		return ""
	case r.Since == "":
		return fmt.Sprintf("This is an emergency change for incident %s: it goes into use under restriction, before its verification is complete. "+
			"What was left out has to be there by the end of working day %d (UTC) after it is in use.", orDash(r.Incident), r.Days)
	}
	return fmt.Sprintf("This is an emergency change for incident %s: it is in use under restriction since %s, before its verification is complete. "+
		"What was left out has to be there by %s.", orDash(r.Incident), stamp(r.Since), stamp(r.By))
}
