package trace

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// fingerprintLength is in hexadecimal digits: 48 bits tell versions of one item
// apart, and fit on a line beside its id.
const fingerprintLength = 12

// Fingerprint changes when the meaning of an item may have changed: kind,
// title, text, GxP relevance, stated risk, the factors of an assessment, and
// the steps of a test. White space, place, owner and links are not in it.
func (i Item) Fingerprint() string {
	all := make([]byte, 0, len(i.Title)+len(i.Text)+64)
	add := func(parts ...string) {
		for _, p := range parts {
			// The length keeps two neighbouring texts from flowing into one another.
			all = append(append(strconv.AppendInt(all, int64(len(p)), 10), ':'), p...)
		}
	}
	add(string(i.Kind), normal(i.Title), normal(i.Text), i.GxP, string(i.Risk))
	if a := i.Assessment; a != nil {
		all = fmt.Appendf(all, "%d %d %d ", a.Severity, a.Occurrence, a.Detection)
		add(string(a.Residual))
	}
	for _, s := range i.Steps {
		add(normal(s.Action), normal(s.Expected))
	}
	return canonical.SHA256(all)[:fingerprintLength]
}

func normal(s string) string { return strings.Join(strings.Fields(s), " ") }

func isFingerprint(s string) bool {
	return len(s) == fingerprintLength && strings.Trim(s, "0123456789abcdef") == ""
}

// Fingerprints are those of items by id; nil for no items. Of two items with
// the same id the first counts.
func Fingerprints(items []Item) map[string]string {
	if len(items) == 0 {
		return nil
	}
	out := make(map[string]string, len(items))
	for _, i := range items {
		if _, twice := out[i.ID]; !twice {
			out[i.ID] = i.Fingerprint()
		}
	}
	return out
}
