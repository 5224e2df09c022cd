// Package verify checks what others made: a published folder on a machine that
// has nothing else, and a whole store. It repeats every computation, trusts no
// verdict that it finds, and reports all findings at once.
package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Schema of a Report as JSON.
const Schema = "dc-release/verification/v1"

// What is known of the issuer.
const (
	TrustNone     = "none"     // no trust input: self-consistent; issuer not established
	TrustVerified = "verified" // the keys are those of the trust file
	TrustRefused  = "refused"  // they are not
)

// Report is what a verification found.
type Report struct {
	Schema   string    `json:"schema"`
	Subject  string    `json:"subject"` // corp-procurement 1.2.0, or the store
	Trust    string    `json:"trust"`
	OK       bool      `json:"ok"`
	State    string    `json:"state"` // of a release: draft, authorised, effective ...
	Findings []Finding `json:"findings"`
	Hold     []string  `json:"hold,omitempty"` // why an installation with this store is held
	Erased   []Erased  `json:"erased"`         // parts that were deleted; leaf and tree stay valid
	Counts   Counts    `json:"counts"`
	// Timestamps are those of checkpoints, nil when nothing speaks of any.
	Timestamps *Timestamps `json:"timestamps,omitempty"`
	Externals  Externals   `json:"externals"`
	Filter     string      `json:"filter,omitempty"` // of an export
	Range      string      `json:"range,omitempty"`  // how much of the ledger an export shows
	Gaps       []Gap       `json:"gaps,omitempty"`   // that an export does not show
}

// Finding is one thing that is wrong, in a file or at an event.
type Finding struct {
	File    string `json:"file"` // from the root of the release log, "" for a store
	Seq     int64  `json:"seq"`  // of the event, 0 for none
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// Erased names the parts of an event that are gone.
type Erased struct {
	Seq   int64    `json:"seq"`
	Parts []string `json:"parts"`
}

// Counts says how much was checked.
type Counts struct {
	Files       int   `json:"files"`
	Events      int64 `json:"events"`
	Signatures  int   `json:"signatures"`
	Statements  int   `json:"statements"` // in-toto, compared with the ledger
	Evidence    int   `json:"evidence"`
	Recounted   int   `json:"recounted"` // evidence items whose numbers were counted again
	Checkpoints int   `json:"checkpoints"`
	Seals       int   `json:"seals,omitempty"`    // of final PDF files
	Rendered    int   `json:"rendered,omitempty"` // files of documents that were made again from their canonical form
}

// Externals are files that belong to a release and are kept elsewhere.
type Externals struct {
	Named  int `json:"named"`
	Absent int `json:"absent"` // not here, so not checked
}

// Options of a verification.
type Options struct {
	// Trust is what is known of the issuer from elsewhere; nil for nothing.
	Trust *releaselog.Trust
	// Results reads result files; nil leaves tests uncounted, which is a
	// finding.
	Results func(name string, data []byte) evidence.Report
	// Stamps verifies time stamps; nil makes one that is there a finding.
	Stamps Stamps
	// Seals reads the seals of final PDF files; nil makes those that are there a
	// finding.
	Seals Seals
	// Formats renders documents again.
	Formats Formats
	// External finds a file that is not in the folder by its SHA-256; nil finds
	// none.
	External func(sha256 string) (data []byte, ok bool)
}

func (r *Report) add(file string, seq int64, rule, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{File: file, Seq: seq, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// finish removes repetitions and gives the answer.
func (r *Report) finish() Report {
	r.Schema = Schema
	seen := map[Finding]bool{}
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
		again := seen[f]
		seen[f] = true
		return again
	})
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	if r.Erased == nil {
		r.Erased = []Erased{}
	}
	r.OK = len(r.Findings) == 0
	return *r
}

// maxGaps is how many gaps are printed for people.
const maxGaps = 20

// Text is the report for people. The first line says what is known of the
// issuer.
func (r Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s: ", r.TrustText(), r.Subject)
	if r.OK {
		b.WriteString("verified")
	} else {
		fmt.Fprintf(&b, "%d findings", len(r.Findings))
	}
	if r.State != "" {
		fmt.Fprintf(&b, "; state: %s", r.State)
	}
	fmt.Fprintf(&b, "\n%s\n", r.CountsText())
	if r.Timestamps != nil {
		b.WriteString(r.Timestamps.text())
	}
	if r.Externals.Named > 0 {
		fmt.Fprintf(&b, "%d external files, %d of them not here and not checked\n", r.Externals.Named, r.Externals.Absent)
	}
	if r.Range != "" {
		fmt.Fprintf(&b, "filter: %s\n%s\n", r.Filter, r.Range)
		for i, g := range r.Gaps {
			if i == maxGaps {
				fmt.Fprintf(&b, "and %d more gaps\n", len(r.Gaps)-i)
				break
			}
			fmt.Fprintf(&b, "not shown: events %d to %d\n", g.From, g.To)
		}
	}
	for _, h := range r.Hold {
		fmt.Fprintf(&b, "integrity hold: %s\n", h)
	}
	for _, e := range r.Erased {
		fmt.Fprintf(&b, "event %d: erased: %s\n", e.Seq, strings.Join(e.Parts, ", "))
	}
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

// TrustText is what is known of the issuer, in words.
func (r Report) TrustText() string {
	switch {
	case r.Trust == TrustVerified:
		return "issuer: the keys are those of the trust file"
	case r.Trust == TrustRefused:
		return "issuer: the keys are NOT those of the trust file"
	case r.OK:
		return "self-consistent; issuer not established"
	}
	return "issuer not established"
}

// CountsText is how much was looked at, in words.
func (r Report) CountsText() string {
	c := r.Counts
	s := fmt.Sprintf("%d files, %d events, %d signatures, %d statements, %d evidence items (%d counted again), %d checkpoints",
		c.Files, c.Events, c.Signatures, c.Statements, c.Evidence, c.Recounted, c.Checkpoints)
	if c.Seals > 0 {
		s += fmt.Sprintf("\n%d sealed PDF files", c.Seals)
	}
	if c.Rendered > 0 {
		s += fmt.Sprintf("\n%d files of documents rendered again", c.Rendered)
	}
	return s
}

// String is "file event 7: message [rule]".
func (f Finding) String() string {
	where := f.File
	if f.Seq > 0 {
		where = strings.TrimPrefix(fmt.Sprintf("%s event %d", where, f.Seq), " ")
	}
	return fmt.Sprintf("%s: %s [%s]", where, f.Message, f.Rule)
}
