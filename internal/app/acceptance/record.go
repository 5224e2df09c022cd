package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// MaxAttachment is the size in bytes that a captured file is refused above.
const MaxAttachment = 20 << 20

// MaxActual is the length in bytes that a text of what was seen is refused above.
const MaxActual = 16 << 10

// Observation is what a tester saw at one step.
type Observation struct {
	acceptance.Place
	Actual  string             `json:"actual"`
	Verdict acceptance.Verdict `json:"verdict"`
	Files   []File             `json:"files"`
}

// File is one captured file.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Record records one step of a running execution. A step that has a record is
// corrected, which takes a reason. In a GxP release a failed or blocked step opens
// a deviation, whose identity it answers.
func (a *Acceptances) Record(ctx context.Context, by ledger.Actor, r Release, id string, o Observation, reason string) (opened string, err error) {
	if err := o.check(); err != nil {
		return "", err
	}
	record := acceptance.StepRecorded{Acceptance: id, Test: o.Test, Step: o.Step, Actual: o.Actual, Verdict: o.Verdict, Attachments: []acceptance.Attachment{}}
	for _, f := range o.Files {
		digest, err := a.Blobs.PutBytes(ctx, f.Data)
		if err != nil {
			return "", err
		}
		record.Attachments = append(record.Attachments, acceptance.Attachment{Name: f.Name, SHA256: digest, Size: int64(len(f.Data))})
	}
	_, err = ledger.Decide(ctx, a.Log, func() (ledger.Batch, error) {
		w, x, err := a.running(ctx, by, r, id)
		if err != nil {
			return ledger.Batch{}, err
		}
		if err := a.known(ctx, x, o); err != nil {
			return ledger.Batch{}, err
		}
		why := reason
		if _, _, record.Correction = x.Of(o.Test, o.Step); !record.Correction {
			why = "records what was seen"
		} else if !ledger.SaysWhy(reason) {
			return ledger.Batch{}, fault.New(fault.Invalid, "%s is recorded; the record stays, and a correction needs a reason", o.Place).WithHint("add --reason TEXT")
		}
		d, needed := w.deviation(x, o)
		events := []ledger.Draft{{Stream: ledger.RunStream(w.run.Run.Run), Reason: why, Data: &record}}
		if record.Deviation = ""; needed {
			record.Deviation = d.Deviation
			events = append(events, ledger.Draft{Stream: w.stream, Reason: why, Data: &d})
		}
		opened = record.Deviation
		return w.decided(r, "record", by, events...), nil
	})
	return opened, err
}

func (o Observation) check() error {
	switch {
	case !slices.Contains(acceptance.Verdicts, o.Verdict):
		return fault.New(fault.Invalid, "verdict %q: want one of %v", o.Verdict, acceptance.Verdicts)
	case strings.TrimSpace(o.Actual) == "":
		return fault.New(fault.Invalid, "%s: a record says what was seen", o.Place).WithHint("add --actual TEXT")
	case len(o.Actual) > MaxActual:
		return fault.New(fault.Invalid, "%s: the text has %d bytes, at most %d are taken", o.Place, len(o.Actual), MaxActual).WithHint("attach it as a file")
	}
	for _, f := range o.Files {
		switch {
		case f.Name == "" || f.Name == "." || f.Name == ".." || strings.ContainsAny(f.Name, `/\`) || len(f.Name) > 200 || !evidenceName(f.Name):
			return fault.New(fault.Invalid, "%q is no name of a file", f.Name)
		case len(f.Data) == 0:
			return fault.New(fault.Invalid, "%s is empty", f.Name)
		case len(f.Data) > MaxAttachment:
			return fault.New(fault.Invalid, "%s has %d bytes, at most %d are taken", f.Name, len(f.Data), MaxAttachment)
		}
	}
	return nil
}

// evidenceName reports whether every character of a name can be shown.
func evidenceName(name string) bool { return document.Visible(name) == name }

// running is an execution that the person may go on with.
func (a *Acceptances) running(ctx context.Context, by ledger.Actor, r Release, id string) (world, acceptance.Acceptance, error) {
	w, err := a.world(ctx, r)
	if err != nil {
		return w, acceptance.Acceptance{}, err
	}
	x, ok := acceptance.Find(w.run.Acceptances, id)
	switch {
	case !ok:
		return w, x, fault.New(fault.NotFound, "no execution %q of manual tests of version %s", id, r.Version)
	case !x.Open():
		return w, x, fault.New(fault.Blocked, "%s is %s", id, x.State()).WithHint("repeat it with: dc-release acceptance begin --repeat %s", id)
	case x.Tester != by.ID:
		return w, x, fault.New(fault.Forbidden, "%s is executed by another tester", id)
	}
	if err := a.may(ctx, w, r, by); err != nil {
		return w, x, err
	}
	if x.Tree != w.tree {
		return w, x, fault.New(fault.Blocked, "%s was deployed again since %s began", environment, id).WithHint("abandon it and begin again")
	}
	return w, x, nil
}

// known refuses a step that the script does not have.
func (a *Acceptances) known(ctx context.Context, x acceptance.Acceptance, o Observation) error {
	s, err := a.scriptOf(ctx, x)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(s.Tests, func(t acceptance.Test) bool { return t.ID == o.Test })
	if at < 0 || o.Step < 1 || o.Step > len(s.Tests[at].Steps) {
		return fault.New(fault.NotFound, "%s: %s has no such step", o.Place, x.Acceptance).WithHint("see them with: dc-release acceptance show %s", x.Acceptance)
	}
	return nil
}

// deviation is what a record of a GxP release opens: the first one of a step that
// did not pass.
func (w world) deviation(x acceptance.Acceptance, o Observation) (deviation.Opened, bool) {
	source := fmt.Sprintf("acceptance/%s/%s/%d", x.Acceptance, o.Test, o.Step)
	if o.Verdict == acceptance.Passed || w.run.Run.Profile != string(policy.GxP) || deviation.Known(w.standing.Deviations, source) {
		return deviation.Opened{}, false
	}
	text := fmt.Sprintf("%s of %s in %s %s: %s", o.Place, x.Acceptance, environment, o.Verdict, o.Actual)
	return deviation.Opened{Deviation: deviation.Next(w.standing.Deviations), Source: source, Text: deviation.Bounded(text)}, true
}

// Abandon ends a running execution for good.
func (a *Acceptances) Abandon(ctx context.Context, by ledger.Actor, r Release, id, reason string) error {
	_, err := ledger.Decide(ctx, a.Log, func() (ledger.Batch, error) {
		w, err := a.world(ctx, r)
		if err != nil {
			return ledger.Batch{}, err
		}
		x, ok := acceptance.Find(w.run.Acceptances, id)
		switch {
		case !ok:
			return ledger.Batch{}, fault.New(fault.NotFound, "no execution %q of manual tests of version %s", id, r.Version)
		case !x.Open():
			return ledger.Batch{}, fault.New(fault.Blocked, "%s is %s", id, x.State())
		case x.Tester != by.ID:
			return ledger.Batch{}, fault.New(fault.Forbidden, "%s is executed by another tester", id)
		}
		return w.decided(r, "abandon", by, ledger.Draft{Stream: ledger.RunStream(w.run.Run.Run), Reason: reason, Data: &acceptance.Abandoned{Acceptance: id}}), nil
	})
	return err
}
