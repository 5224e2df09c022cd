package document

import (
	"errors"
	"fmt"
	"time"
)

// timeLayout is UTC RFC 3339 with six digits, as in the ledger.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Check reports everything that is not well formed: the schema, identity that
// a document cannot do without, times in another form, and matrix rows that do
// not fit their columns.
func (f Facts) Check() error {
	var c checker
	if f.Schema != FactsSchema {
		c.add("schema is %q, want %q", f.Schema, FactsSchema)
	}
	c.time("frozen_at", f.FrozenAt, true)
	for _, v := range []struct{ name, value string }{
		{"product.key", f.Product.Key},
		{"release.version", f.Release.Version},
		{"release.tag", f.Release.Tag},
		{"release.commit", f.Release.Commit},
	} {
		if v.value == "" {
			c.add("%s is empty", v.name)
		}
	}
	c.gates(f.Gates)
	c.environments(f.Environments)
	c.executions(f)
	for i, r := range f.Matrix.Rows {
		if len(r.Cells) != len(f.Matrix.Columns) {
			c.add("matrix.rows[%d] has %d cells, want %d", i, len(r.Cells), len(f.Matrix.Columns))
		}
	}
	for i, e := range f.Exceptions {
		c.time(fmt.Sprintf("exceptions[%d].at", i), e.At, true)
	}
	c.time("rollback.rehearsed_at", f.Rollback.RehearsedAt, false)
	c.decisions(f.Decisions)
	if r := f.Restriction; r != nil {
		c.time("restriction.since", r.Since, false)
		c.time("restriction.by", r.By, r.Since != "")
	}
	return errors.Join(c.errs...)
}

type checker struct{ errs []error }

func (c *checker) add(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *checker) time(name, value string, required bool) {
	if value == "" && !required {
		return
	}
	if t, err := time.Parse(timeLayout, value); err != nil || t.Format(timeLayout) != value {
		c.add("%s is %q, want UTC RFC 3339 with six digits", name, value)
	}
}

func (c *checker) gates(gates []Gate) {
	for _, g := range gates {
		at := "gate " + g.Name
		c.time(at+" opened_at", g.OpenedAt, false)
		c.time(at+" satisfied_at", g.SatisfiedAt, false)
		c.time(at+" consumed_at", g.ConsumedAt, false)
		c.signatures(at, g.Signatures)
	}
}

func (c *checker) signatures(at string, all []Signature) {
	for _, s := range all {
		c.time(at+" signature "+s.ID+" at", s.At, true)
		if s.Signer.Name == "" {
			c.add("%s signature %s has no printed name", at, s.ID)
		}
		if s.Binding != BindingUserKey && s.Binding != BindingServer {
			c.add("%s signature %s has binding %q, want %s or %s", at, s.ID, s.Binding, BindingUserKey, BindingServer)
		}
	}
}

func (c *checker) decisions(d Decisions) {
	for _, x := range d.Deviations {
		at := "deviation " + x.ID
		c.time(at+" opened_at", x.OpenedAt, true)
		switch {
		case x.Signature != nil:
			c.signatures(at, []Signature{*x.Signature})
		case x.Disposition != "":
			c.add("%s has a disposition that nobody signed", at)
		}
	}
	for _, w := range d.Waivers {
		c.time("waiver "+w.ID+" asked_at", w.AskedAt, true)
		c.signatures("waiver "+w.ID, w.Signatures)
	}
	for i, x := range d.Comments {
		c.time(fmt.Sprintf("comments[%d].at", i), x.At, true)
	}
	for i, h := range d.Holds {
		c.time(fmt.Sprintf("holds[%d].from", i), h.From, true)
		c.time(fmt.Sprintf("holds[%d].until", i), h.Until, false)
	}
	for _, r := range d.Reviews {
		c.signatures("review of the audit trail", []Signature{r.Signature})
	}
}

func (c *checker) environments(environments []Environment) {
	seen := map[string]bool{}
	for _, e := range environments {
		if e.Name == "" || seen[e.Name] {
			c.add("environment %q is empty or stands twice", e.Name)
		}
		seen[e.Name] = true
		for _, d := range e.Deployments {
			at := "deployment " + d.Execution
			c.time(at+" started_at", d.StartedAt, true)
			c.time(at+" ended_at", d.EndedAt, false)
			c.time(at+" iv.at", d.IV.At, false)
		}
	}
}

func (c *checker) executions(f Facts) {
	for _, j := range f.Jobs {
		for _, e := range j.Executions {
			c.time("execution "+e.ID+" queued_at", e.QueuedAt, false)
			c.time("execution "+e.ID+" started_at", e.StartedAt, false)
			c.time("execution "+e.ID+" ended_at", e.EndedAt, false)
		}
	}
	for _, e := range f.Evidence {
		c.time("evidence "+e.Name+" received_at", e.ReceivedAt, true)
	}
}
