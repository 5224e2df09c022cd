package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Report is what a job handed in about the artifact of its run, read from its
// bytes.
type Report struct {
	component.Handed
	Execution string
	Tree      string // of the artifact that it is about
	Seq       int64  // of its event
	Latest    bool   // no later attempt of its job exists
	Content   component.Report
	Problem   string // why it cannot be read any more, "" normally
}

// Earlier is what the artifact of the release before was made of.
type Earlier struct {
	Version    string
	Components []component.Component
}

// ManifestReport is one report about the artifact.
type ManifestReport struct {
	Execution string `json:"execution"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"`
	Tree      string `json:"tree"`
	Latest    bool   `json:"latest"`
}

// Reports are what a manifest lists of the reports.
func Reports(list []Report) []ManifestReport {
	var out []ManifestReport
	for _, r := range list {
		out = append(out, ManifestReport{Execution: r.Execution, Kind: r.Kind, Name: r.Name, SHA256: r.SHA256, Tree: r.Tree, Latest: r.Latest})
	}
	return out
}

// Demanded are the checks of the gate with a baseline's demands on scans: what it
// does not demand is not checked.
func (d Definition) Demanded(s policy.Scans) []Check {
	asked := map[string]bool{componentsName: s.SBOM, findingsName: s.Severity != "", builtName: s.Provenance}
	return slices.DeleteFunc(slices.Clone(d.Checks), func(c Check) bool {
		demanded, ofScans := asked[c.Name]
		return ofScans && !demanded
	})
}

// Unmet is what the reports about the artifact leave unmet of a baseline's demands
// at the gate: everything that it takes is in a published folder.
func (d Definition) Unmet(f Facts) []string {
	var out []string
	for _, c := range d.Demanded(f.Scans) {
		if ofReports(c.Name) {
			out = append(out, c.missing(d, f)...)
		}
	}
	return out
}

// Names of the checks of reports.
const (
	componentsName = "components-listed"
	findingsName   = "scan-findings"
	builtName      = "build-attested"
)

func ofReports(check string) bool {
	return slices.Contains([]string{componentsName, findingsName, builtName}, check)
}

// Said is what the reports that count say of a check of scans, for those who
// decide: each report in a line, what is other than in the release before,
// and every barred finding that counts as assessed, with who said so and why.
func (f Facts) Said(d Definition, check string) []string {
	kinds := map[string][]component.Kind{
		componentsName: {component.SBOM}, findingsName: {component.Scan, component.VEX}, builtName: {component.Provenance},
	}
	var out []string
	for _, kind := range kinds[check] {
		reports, _ := f.about(d, kind)
		for _, r := range reports {
			said := r.Counted()
			if kind == component.Provenance && len(f.Scans.Builders) > 0 {
				if builder, wrong := f.stated(r); wrong == "" {
					said = "signed by " + builder
				} else {
					said = wrong
				}
			}
			out = append(out, fmt.Sprintf("%s: %s, SHA-256 %.12s: %s", r.Name, r.Format, r.SHA256, said))
		}
	}
	if check == componentsName && f.Earlier != nil && len(out) > 0 {
		for _, line := range component.Changes(f.Earlier.Components, f.components(d)) {
			out = append(out, "since "+f.Earlier.Version+" "+line)
		}
	}
	if check != findingsName {
		return out
	}
	vex := f.assessments(d)
	scans, _ := f.about(d, component.Scan)
	for _, scan := range scans {
		for _, x := range scan.Content.Findings {
			why, ok := assessed(x, vex)
			text := fmt.Sprintf("%s (%s): %s", item(x), x.Severity, why)
			if ok && f.bars(x) && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return deployment.Few(out)
}

// bars reports whether a finding is as bad as is demanded not to be there.
func (f Facts) bars(x component.Finding) bool {
	return x.Severity != component.None && f.Scans.Bars(string(x.Severity))
}

// assessed says why a finding counts as assessed; ok is false for one that does
// not.
func assessed(x component.Finding, vex []component.Assessment) (why string, ok bool) {
	if x.Assessed != "" {
		return x.Assessed, true
	}
	i := slices.IndexFunc(vex, func(a component.Assessment) bool { return a.Covers(x) })
	if i < 0 {
		return "", false
	}
	return fmt.Sprintf("%s, says %s: %s", vex[i].State, vex[i].By, vex[i].Why), true
}

// componentsListed wants a list of the components of the artifact that is in the
// place.
func componentsListed(d Definition, f Facts) []string {
	if !f.Scans.SBOM {
		return nil
	}
	if f.excepted(componentsName, string(component.SBOM)) {
		return nil
	}
	_, missing := f.about(d, component.SBOM)
	return missing
}

// excepted reports whether a waiver of a check names one of the items, as a whole:
// no other word of a text will do, so that no waiver covers more than its signers
// read.
func (f Facts) excepted(check string, items ...string) bool {
	return slices.ContainsFunc(f.Waivers, func(w approval.Waiver) bool { return w.Check == check && slices.Contains(items, w.Item) })
}

// item is what a waiver of one finding names.
func item(x component.Finding) string { return x.ID + " in " + x.Subject() }

// scanned wants a scan of the artifact whose findings, as bad as is demanded not
// to be there, are assessed: by the scan's own report, by a VEX or by a waiver,
// which names the weakness wherever it is, or in one component. Each text begins
// with what a waiver names.
func scanned(d Definition, f Facts) []string {
	if f.Scans.Severity == "" {
		return nil
	}
	scans, missing := f.about(d, component.Scan)
	if f.excepted(findingsName, string(component.Scan)) {
		missing = nil
	}
	vex := f.assessments(d)
	for _, scan := range scans {
		for _, x := range scan.Content.Findings {
			if _, ok := assessed(x, vex); ok || !f.bars(x) || f.excepted(findingsName, x.ID, item(x)) {
				continue
			}
			text := fmt.Sprintf("%s is not assessed: %s severity, found by %s", item(x), x.Severity, scan.Name)
			if !slices.Contains(missing, text) {
				missing = append(missing, text)
			}
		}
	}
	return missing
}

// built wants this installation to be able to state the build: the artifact in
// the place is what an execution of this run handed in. It signs that statement
// when it publishes. Where the baseline names builders, one of them has to have
// signed another.
func built(d Definition, f Facts) []string {
	there, ok := f.Deployments[d.After]
	switch {
	case !f.Scans.Provenance, f.excepted(builtName, string(component.Provenance)):
		return nil
	case !ok:
		return []string{"provenance: nothing is deployed to " + d.After}
	case f.Kept != there.Tree:
		return []string{fmt.Sprintf("provenance: artifact %.12s in %s was handed in by no job of this run", there.Tree, d.After)}
	case len(f.Scans.Builders) > 0:
		return f.builtByTrusted(d)
	}
	return nil
}

// components are those of every list of the artifact.
func (f Facts) components(d Definition) []component.Component {
	var out []component.Component
	lists, _ := f.about(d, component.SBOM)
	for _, r := range lists {
		out = append(out, r.Content.Components...)
	}
	return out
}

// assessments are those of every VEX of the artifact; what they refer to is found
// in its lists of components.
func (f Facts) assessments(d Definition) []component.Assessment {
	known := f.components(d)
	var out []component.Assessment
	all, _ := f.about(d, component.VEX)
	for _, r := range all {
		for _, a := range r.Content.Assessments {
			out = append(out, a.Resolve(known))
		}
	}
	return out
}

// about are the reports of a kind that count: of the artifact in the place, by
// the latest attempt of their job. Without one, it is missing, and what there is
// instead is named.
func (f Facts) about(d Definition, kind component.Kind) (reports []Report, missing []string) {
	there := f.Deployments[d.After].Tree
	var others, unread []string
	for _, r := range f.Reports {
		switch {
		case r.Kind != string(kind) || !r.Latest:
		case there == "" || r.Tree != there:
			others = append(others, fmt.Sprintf("%s: %s is of artifact %.12s, not of the one in %s", kind, r.Name, r.Tree, d.After))
		case r.Problem != "":
			unread = append(unread, fmt.Sprintf("%s: %s cannot be read: %s", kind, r.Name, brief(r.Problem)))
		default:
			reports = append(reports, r)
		}
	}
	switch {
	case len(reports)+len(unread) > 0:
		return reports, unread
	case len(others) > 0:
		return nil, others
	}
	return nil, []string{fmt.Sprintf("%s: none of the artifact in %s was handed in", kind, d.After)}
}

// brief bounds a text from a report; the report has it whole.
func brief(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
