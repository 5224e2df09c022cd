package records

import (
	"fmt"
	"io"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
)

// writeDecisions prints what people decided of a release beside its gates.
func writeDecisions(w io.Writer, d document.Decisions) {
	for _, x := range d.Deviations {
		state := x.Disposition
		if state == "" {
			state = "open"
		}
		fmt.Fprintf(w, "deviation %s: %s: %s\n", x.ID, state, x.Text)
		if x.Signature != nil {
			fmt.Fprintf(w, "  cause\t%s\n  action\t%s\n", x.Cause, x.Action)
			gate.WriteSigned(w, "accepted", x.Signature.Printed())
		}
	}
	for _, x := range d.Waivers {
		fmt.Fprintf(w, "waiver %s: %s: %s of %s, until %s\n  risk\t%s\n  control\t%s\n  asked\t%s, %s\n", x.ID, x.State, x.Item, x.Check, x.Expires, x.Risk, x.Control, x.AskedBy.Name, x.AskedAt)
		for _, s := range x.Signatures {
			gate.WriteSigned(w, "signed", s.Printed())
		}
	}
	for _, x := range d.Holds {
		fmt.Fprintf(w, "hold: %s\n  held\t%s, %s\n", x.Because, x.By.Name, x.From)
		if x.Until != "" {
			fmt.Fprintf(w, "  resumed\t%s, %s: %s\n", x.ResumedBy.Name, x.Until, x.Resumed)
		}
	}
	for _, x := range d.Comments {
		fmt.Fprintf(w, "comment at gate %s: %s\n  by\t%s, %s, on manifest %.12s\n", x.Gate, x.Text, x.Person.Name, x.At, x.ManifestSHA256)
	}
	for _, x := range d.Reviews {
		fmt.Fprintf(w, "review of the audit trail: exception list %.12s\n", x.ListSHA256)
		gate.WriteSigned(w, "reviewed", x.Signature.Printed())
	}
}
