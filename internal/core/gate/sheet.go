package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Sheet is the text that a person is shown before signing: what the manifest is
// about, what of it is new since the person's last signature (before is its
// manifest, nil for none), and what is declared. Its SHA-256 is part of the
// signed payload, so it is the same for everybody who looks at the same things.
func Sheet(m Manifest, digest string, meaning signature.Definition, last Signed, before *Manifest) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Gate %s of %s %s, opening %d", m.Gate, m.Solution, m.Version, m.Opening)
	line("Manifest SHA-256 %s", digest)
	for _, x := range m.facts() {
		line("%s: %s", x.name, x.value)
	}
	switch {
	case before == nil:
		line("You have signed nothing of this release yet.")
	default:
		changes := Changes(*before, m)
		counted := fmt.Sprintf("%d changes", len(changes))
		if len(changes) == 1 {
			counted = "1 change"
		}
		line("Since your signature %s at gate %s: %s", last.Signature, last.Gate, counted)
		for _, c := range changes {
			line("  %s", c)
		}
	}
	line("You declare as %s: %s", meaning.Meaning, meaning.Text)
	return b.String()
}

// fact is one thing that a manifest fixes, under a name of its own.
type fact struct{ name, value string }

func (m Manifest) facts() []fact {
	var out []fact
	add := func(name, format string, args ...any) { out = append(out, fact{name, fmt.Sprintf(format, args...)}) }
	for _, s := range m.Sources {
		add("Source "+s.Repository, "tag %s, object %s, commit %s, files %s", s.Tag, s.TagObject, s.Commit, s.Files)
	}
	if m.Note != "" {
		add("Release note", "%s", m.Note)
	}
	if m.RequirementsCommit != "" {
		add("Requirements", "commit %s", m.RequirementsCommit)
	}
	for _, w := range m.Workflows {
		add("Workflow "+w.Path, "%s", w.SHA256)
	}
	if m.Policy != "" {
		add("Policy", "%s", m.Policy)
	}
	for _, a := range m.Artifacts {
		add("Artifact "+a.Tree, "in %s", strings.Join(a.Environments, ", "))
		for _, p := range a.Parts {
			add("Artifact "+p.Name, "%s, %d files", p.Tree, p.Files)
		}
	}
	for _, d := range m.Documents {
		add("Document "+cmp.Or(d.Number, d.Name), "%s", d.Files["json"])
	}
	for _, e := range m.Evidence {
		state := e.Verdict
		if !e.Counted {
			state += ", not counted"
		}
		if !e.Latest {
			state += ", an earlier attempt"
		}
		add(fmt.Sprintf("Evidence %s %s %s %s", e.Verification, e.Environment, e.Execution, e.Name), "%s, %s", state, e.SHA256)
	}
	add("Change type", "%s", cmp.Or(m.Change.Type, release.Normal))
	for _, d := range m.Deviations {
		id, text, _ := strings.Cut(d, ": ")
		add("Deviation "+id, "%s", text)
	}
	for _, w := range m.Waivers {
		add("Waiver "+w.Check+" "+w.Item, "until %s, risk: %s, instead: %s", w.Expires, w.Risk, w.Control)
	}
	if r := m.Rollback; r != nil {
		add("Rollback "+r.Rollback, "%s from %s to %s, artifact %s", r.Environment, r.From, r.To, r.Tree)
	}
	if d := m.Deployment; d != nil {
		add("Deployment to "+d.Environment, "%s, by plan %s", d.Summary, d.Plan)
		for _, x := range d.Destroys {
			add("Deletion in "+d.Environment+" "+x, "by plan %s", d.Plan)
		}
	}
	return out
}

// Changes names what is new, different or gone in a manifest.
func Changes(before, now Manifest) []string {
	var out []string
	old := map[string]string{}
	for _, f := range before.facts() {
		old[f.name] = f.value
	}
	for _, f := range now.facts() {
		switch value, ok := old[f.name]; {
		case !ok:
			out = append(out, "new: "+f.name+": "+f.value)
		case value != f.value:
			out = append(out, "changed: "+f.name+": "+f.value+" (was "+value+")")
		}
		delete(old, f.name)
	}
	var gone []string
	for name, value := range old {
		gone = append(gone, "gone: "+name+": "+value)
	}
	slices.Sort(gone)
	return append(out, gone...)
}
