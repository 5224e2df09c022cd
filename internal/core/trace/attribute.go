package trace

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Set gives the item the value of a key, whatever the format of its source:
// "Verifies", "FS-corp-1, FS-corp-2". Keys are read in any case; one that means
// nothing here is kept in Attributes. What is wrong with the value is a finding
// at its place, and the value is left out.
func (i *Item) Set(key, value string, at document.Position) []document.Finding {
	v := setter{item: i, at: at}
	switch strings.ReplaceAll(strings.ToLower(key), "-", " ") {
	case "implements":
		v.references(&i.Implements, value)
	case "verifies":
		v.references(&i.Verifies, value)
	case "item", "assesses":
		v.references(&i.Assesses, value)
	case "mitigation", "mitigations", "mitigated by":
		v.references(&i.Mitigations, value)
	case "status":
		if i.Retired = strings.EqualFold(value, "retired"); !i.Retired {
			i.Attributes = append(i.Attributes, Attribute{Key: key, Value: value})
		}
	case "verification":
		v.verifications(value)
	case "environments", "environment":
		for _, w := range words(value) {
			i.Environments = append(i.Environments, strings.ToLower(w))
		}
	case "owner":
		i.Owner = value
	case "risk":
		v.class(&i.Risk, "DOC-S06", value)
	case "gxp":
		v.relevance(value)
	case "files":
		i.Files = append(i.Files, words(value)...)
	case "method":
		i.Manual = strings.EqualFold(value, "manual")
	default:
		if !v.assessment(key, value) {
			i.Attributes = append(i.Attributes, Attribute{Key: key, Value: value})
		}
	}
	return v.findings
}

// setter reads one value.
type setter struct {
	item     *Item
	at       document.Position
	findings []document.Finding
}

func (v *setter) report(id, hint, format string, args ...any) {
	v.findings = append(v.findings, finding(id, v.at, hint, "%s: %s", v.item.ID, fmt.Sprintf(format, args...)))
}

func words(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' })
}

// references reads ids with commas between them.
func (v *setter) references(to *[]Reference, value string) {
	for _, w := range words(value) {
		r, err := ParseReference(w, v.at)
		if err != nil {
			v.report("DOC-S01", "write ids with commas between them, and after @ the fingerprint that the trace prints", "%v", err)
			continue
		}
		if !refer(to, r) {
			v.report("DOC-S01", "split the item", "more than %d links", MaxReferences)
			return
		}
	}
}

// ParseReference reads an id, and after @ the fingerprint that it was reviewed
// at where there is one.
func ParseReference(word string, at document.Position) (Reference, error) {
	id, seen, pinned := strings.Cut(word, "@")
	if _, err := evidence.ParseID(id); err != nil {
		return Reference{}, err
	}
	if pinned && !isFingerprint(seen) {
		return Reference{}, fmt.Errorf("fingerprint %q of %s: want %d hexadecimal digits", seen, id, fingerprintLength)
	}
	return Reference{ID: id, At: at, Seen: seen}, nil
}

func (v *setter) verifications(value string) {
	for _, w := range words(value) {
		parsed, err := evidence.ParseVerification(w)
		if err != nil {
			v.report("DOC-S01", "write one or more of UT, DT, IV, OV, AV, pIV, pOV", "%v", err)
			continue
		}
		v.item.Planned = append(v.item.Planned, parsed)
	}
}

func (v *setter) class(to *Class, rule, value string) {
	c, err := ParseClass(value)
	if err != nil {
		v.report(rule, "write Low, Medium or High", "%v", err)
		return
	}
	*to = c
}

func (v *setter) relevance(value string) {
	switch strings.ToLower(value) {
	case "yes", "true":
		v.item.GxP = "yes"
	case "no", "false":
		v.item.GxP = "no"
	default:
		v.report("DOC-S06", "write yes or no", "GxP relevance %q", value)
	}
}

// assessment reads the keys of a risk; false is a key of none.
func (v *setter) assessment(key, value string) bool {
	if v.item.Kind != RA {
		return false
	}
	if v.item.Assessment == nil {
		v.item.Assessment = &Assessment{}
	}
	a := v.item.Assessment
	switch strings.ToLower(key) {
	case "severity":
		v.factor(&a.Severity, key, value)
	case "occurrence", "probability":
		v.factor(&a.Occurrence, key, value)
	case "detection", "detectability":
		v.factor(&a.Detection, key, value)
	case "residual", "residual risk":
		v.class(&a.Residual, "DOC-K04", value)
	case "class", "risk class", "priority", "rpn":
		v.report("DOC-K02", "delete the line", "%s is computed from severity, occurrence and detection and not typed", key)
	default:
		return false
	}
	return true
}

func (v *setter) factor(to *int, key, value string) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > MaxFactor {
		v.report("DOC-K02", "write 1, 2 or 3", "%s is %q, want 1 to %d", strings.ToLower(key), value, MaxFactor)
		return
	}
	*to = n
}
