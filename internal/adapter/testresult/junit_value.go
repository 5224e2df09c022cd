package testresult

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// xmlPlace is where a decoder of XML stands.
func xmlPlace(d *xml.Decoder) place {
	line, column := d.InputPos()
	return place{line: line, column: column}
}

// xmlFlaw is an error of a decoder of XML, or of what reads with it, where it
// stands.
func xmlFlaw(d *xml.Decoder, err error) error {
	at := xmlPlace(d)
	var syntax *xml.SyntaxError
	var own *flaw
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &syntax):
		return flawed(at, "%s", syntax.Msg)
	}
	return flawed(at, "%v", err)
}

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

// charset reads the two encodings besides UTF-8 in which such files occur.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1":
		return &latin1{in: in}, nil
	}
	return nil, fmt.Errorf("encoding %q: want UTF-8, US-ASCII or ISO-8859-1", label)
}

// latin1 turns each byte into the character of the same number.
type latin1 struct {
	in   io.Reader
	rest []byte
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		raw := make([]byte, 4096)
		n, err := l.in.Read(raw)
		if n == 0 {
			return 0, err
		}
		for _, b := range raw[:n] {
			l.rest = utf8.AppendRune(l.rest, rune(b))
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
