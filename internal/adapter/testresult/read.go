// Package testresult reads result files of test tools into evidence.Report.
// What a file is, is decided by its content and never by its name. A file that
// cannot be read to its end is a report with a fatal problem: failed evidence,
// not an error, because the file itself is a fact.
package testresult

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Limits of what is read. A file beyond one of them is failed evidence.
const (
	MaxSize     = 64 << 20 // bytes
	MaxDepth    = 64       // nested elements
	MaxCases    = 200_000
	maxProblems = 100
)

// format is one kind of result file.
type format struct {
	name  string
	sniff func(h head) bool
	read  func(r io.Reader) evidence.Report
}

// formats is the catalog, asked from above. To add one: a file with its reader,
// a line here and fixtures under testdata/<name>/.
var formats = []format{
	{name: "allure", sniff: sniffZip, read: readZip},
	{name: "xunit", sniff: sniffXUnit, read: readXUnit},
	{name: "junit", sniff: sniffJUnit, read: readJUnit},
	{name: "cucumber", sniff: sniffCucumber, read: readCucumber},
	{name: "ctrf", sniff: sniffCTRF, read: readCTRF},
	{name: "dbt", sniff: sniffDBT, read: readDBT},
	{name: "allure", sniff: sniffAllure, read: readAllure},
	{name: "gotest", sniff: sniffGoTest, read: readGoTest},
}

// Formats is the names of the formats that Read understands.
func Formats() []string {
	var names []string
	for _, f := range formats {
		if !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

// Read reads a result file. The name is used in the error alone, which is only
// a failure to read from r; everything that is wrong with the content is a
// problem in the report. The digest covers the whole file in every case.
func Read(name string, r io.Reader) (evidence.Report, error) {
	source := &counted{r: r, hash: sha256.New()}
	report := detect(source)
	if _, err := io.Copy(io.Discard, source); err != nil && source.err == nil {
		source.err = err
	}
	if source.err != nil {
		return evidence.Report{}, fmt.Errorf("read result file %q: %w", name, source.err)
	}
	if source.n > MaxSize {
		report.Problems = append(report.Problems, evidence.Problem{Message: fmt.Sprintf("the file has %d bytes, want at most %d", source.n, MaxSize), Fatal: true})
	}
	report.SHA256 = hex.EncodeToString(source.hash.Sum(nil))
	report.Totals = evidence.Count(report.Cases)
	return report, nil
}

func detect(source *counted) evidence.Report {
	in := bufio.NewReaderSize(&io.LimitedReader{R: source, N: MaxSize}, 64<<10)
	if head, _ := in.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	text, _ := in.Peek(in.Size())
	h := newHead(text)
	if what := recognise(h); what != "" {
		return refuse("this is %s", what)
	}
	for _, f := range formats {
		if f.sniff(h) {
			report := f.read(in)
			report.Format = f.name
			return report
		}
	}
	if len(text) == 0 {
		return refuse("the file is empty")
	}
	return refuse("the content is no result format that is known, want one of %s", strings.Join(Formats(), ", "))
}

func refuse(format string, args ...any) evidence.Report {
	return evidence.Report{Problems: []evidence.Problem{{Line: 1, Message: fmt.Sprintf(format, args...), Fatal: true}}}
}

// counted hashes and counts what is read, and keeps the first real error.
type counted struct {
	r    io.Reader
	hash hash.Hash
	n    int64
	err  error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	_, _ = c.hash.Write(p[:n]) // a hash never fails
	if err != nil && err != io.EOF && c.err == nil {
		c.err = err
	}
	return n, err
}
