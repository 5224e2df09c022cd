package testresult

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// count reads a number of a suite; what is no number claims nothing.
func count(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// microseconds reads seconds as producers write them: "0.012", "1e-05",
// "1,204.5" with thousands separators. "" is 0.
func microseconds(s string) (int64, error) {
	s = strings.ReplaceAll(strings.TrimSpace(s), ",", "")
	if s == "" {
		return 0, nil
	}
	const year = 366 * 24 * 3600
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > year {
		return 0, fmt.Errorf("time %q: want seconds from 0 to a year", s)
	}
	return int64(math.Round(f * 1e6)), nil
}

// byStatus reads the attributes by which some producers say what others say
// with elements: googletest has status="notrun" and result="skipped".
func byStatus(status, result string) evidence.Outcome {
	for _, s := range []string{result, status} {
		switch strings.ToLower(s) {
		case "failed", "failure", "fail":
			return evidence.Failed
		case "error", "errored":
			return evidence.Errored
		case "skipped", "notrun", "suppressed", "disabled", "ignored", "pending", "todo":
			return evidence.Skipped
		}
	}
	return evidence.Passed
}

func weight(o evidence.Outcome) int {
	switch o {
	case evidence.Passed:
		return 0
	case evidence.Skipped:
		return 1
	case evidence.Failed:
		return 2
	}
	return 3
}
