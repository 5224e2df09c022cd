// Package component is what an artifact is made of, what scanners found in it,
// and what was said of their findings: pure readers of the reports that jobs hand
// in. A reader takes what public specifications say and refuses the rest with
// every place that it does not understand; nothing of a report is guessed to be
// harmless.
package component

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/dsse"
)

// Kind is what a report is handed in as.
type Kind string

// The kinds.
const (
	SBOM       Kind = "sbom"       // the list of components
	Scan       Kind = "scan"       // what a scanner found
	VEX        Kind = "vex"        // what was said of findings
	Provenance Kind = "provenance" // a signed statement of the build
)

// reader reads the reports of a kind.
type reader struct {
	kind Kind
	want string // the formats that are read, for errors
	read func(node) Report
}

// readers is the list of what is read. To add a format: its file, its line in
// the function of its kind, a fixture in testdata/, a fuzz target.
var readers = []reader{
	{SBOM, "CycloneDX 1.4 to 1.7 as JSON", readSBOM},
	{Scan, "SARIF 2.1.0 or the JSON of OSV-Scanner", readScan},
	{VEX, "CycloneDX 1.4 to 1.7 as JSON, with vulnerabilities", readVEX},
	{Provenance, "a DSSE envelope with an in-toto statement", readEnvelope},
}

// Kinds are the kinds in their order.
func Kinds() []Kind {
	var out []Kind
	for _, r := range readers {
		out = append(out, r.kind)
	}
	return out
}

// Severity is how bad a finding is.
type Severity string

// The severities. None is what its tool does not count as a weakness; of
// Unknown nobody said, so that it is as bad as any.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	None     Severity = "none"
	Unknown  Severity = "unknown"
)

// Report is what stands in a file.
type Report struct {
	Format string // "SARIF 2.1.0"
	Tool   string // that wrote it, as it says, "" for unsaid
	// Link names a CycloneDX document in others: urn:cdx:UUID/VERSION, "" for one
	// without a serial number.
	Link string
	// Subjects are the SHA-256 that the report says it is about, none for unsaid.
	Subjects    []string
	Components  []Component
	Findings    []Finding
	Assessments []Assessment
	Envelope    dsse.Envelope // of a statement of a build, with its signatures
}

// Component is one part of an artifact.
type Component struct {
	Document string // Link of the document that has it, "" for none
	Ref      string // bom-ref within its document, "" for none
	Type     string // library, file, ...
	Name     string // with its group: org.apache/commons
	Version  string
	PURL     string
	Licences []string
	Hashes   []string // "SHA-256 9f86..."
}

// Finding is one weakness of one component or place.
type Finding struct {
	ID       string   // CVE-2024-22195, or the rule
	Aliases  []string // other names of the same weakness
	Severity Severity
	Package  Component // of dependencies
	Where    string    // file:line of code
	// Assessed says what its own report says of it: "suppressed: TEXT"; "" for
	// nothing that counts.
	Assessed string
}

// Subject is what the finding is in, for people and for a waiver: one line of at
// most 200 bytes, never the same for two that differ.
func (f Finding) Subject() string {
	switch p := f.Package; {
	case p.PURL != "":
		return short(p.PURL)
	case p.Version != "":
		return short(p.Name + "@" + p.Version)
	case p.Name != "":
		return short(p.Name)
	case f.Where != "":
		return short(f.Where)
	}
	return "the artifact"
}

// short is a text in one line; where that is another text, or too long, the
// beginning of its SHA-256 tells it from others.
func short(s string) string {
	const most, kept = 200, 180
	line := clip(s, len(s))
	if line == s && len(s) <= most {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("%s... %x", strings.ToValidUTF8(line[:min(kept, len(line))], ""), sum[:6])
}

// Assessment says of a weakness that the artifact is not affected, by whom and
// why.
type Assessment struct {
	IDs      []string
	State    string // not_affected, false_positive, resolved, resolved_with_pedigree
	Why      string
	By       string
	Packages []Component // that it is about
	Whole    bool        // it is about the artifact whatever the package
}

// Covers reports whether the assessment is about the finding.
func (a Assessment) Covers(f Finding) bool {
	if !slices.ContainsFunc(append([]string{f.ID}, f.Aliases...), func(id string) bool { return slices.Contains(a.IDs, id) }) {
		return false
	}
	return a.Whole || slices.ContainsFunc(a.Packages, f.Package.same)
}

// Resolve names what the assessment only refers to, from the components of other
// documents: a BOM-Link is of the document that it names, a plain reference of the
// one component that has it.
func (a Assessment) Resolve(known []Component) Assessment {
	a.Packages = slices.Clone(a.Packages)
	for i, p := range a.Packages {
		if p.Name != "" || p.PURL != "" || p.Ref == "" {
			continue
		}
		var found []Component
		for _, c := range known {
			if c.Ref == p.Ref && (p.Document == "" || p.Document == c.Document) {
				found = append(found, c)
			}
		}
		if len(found) > 0 && !slices.ContainsFunc(found, func(c Component) bool { return !found[0].same(c) }) {
			a.Packages[i] = found[0]
		}
	}
	return a
}

// same reports whether two components are one: by purl, else by name and version.
func (c Component) same(other Component) bool {
	if c.PURL != "" && other.PURL != "" {
		return samePURL(c.PURL, other.PURL)
	}
	return c.Name != "" && c.Name == other.Name && c.Version == other.Version
}

// Limits of a report.
const (
	MaxSize     = 16 << 20 // bytes
	maxDepth    = 64       // of values inside of each other
	maxEntries  = 200_000  // components, findings or assessments
	maxProblems = 30       // that an error names
	maxID       = 250      // bytes of a finding's id; rules of Semgrep are long
	maxName     = 100      // bytes of a file's name
	maxText     = 160      // bytes of other texts that are shown
)

// Read reads a report. The error names every place that is wrong, with what was
// wanted.
func Read(kind Kind, data []byte) (Report, error) {
	i := slices.IndexFunc(readers, func(r reader) bool { return r.kind == kind })
	if i < 0 {
		return Report{}, fmt.Errorf("kind %q: want one of %v", kind, Kinds())
	}
	root, err := parse(data)
	if err != nil {
		return Report{}, fmt.Errorf("want %s: %w", readers[i].want, err)
	}
	out := readers[i].read(root)
	if n := max(len(out.Components), len(out.Findings), len(out.Assessments)); n > maxEntries {
		root.wrong("%d entries: want at most %d", n, maxEntries)
	}
	if err := root.found.err(); err != nil {
		return Report{}, fmt.Errorf("want %s: %w", readers[i].want, err)
	}
	return out, nil
}

// Count is how many findings there are of a severity, those that their report
// assesses included.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// digest gives a SHA-256 in the form of this program, "" for what is none.
func digest(s string) string {
	s = strings.ToLower(s)
	if b, err := hex.DecodeString(s); err != nil || len(b) != 32 {
		return ""
	}
	return s
}

// clip bounds a text that is shown and makes it one printable line, without
// characters that are not seen or turn others round.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
			return ' '
		}
		return r
	}, s)
	if len(s) <= most {
		return s
	}
	const mark = "..."
	return strings.ToValidUTF8(s[:most-len(mark)], "") + mark
}
