package documenttest

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Fataler is the part of testing.TB that Trees needs.
type Fataler interface {
	Helper()
	Fatal(args ...any)
}

// Trees is every kind of document with every set of facts, and each stage of
// the typical one, under the name of its golden file: "change-record/typical".
func Trees(t Fataler) map[string]document.Tree {
	t.Helper()
	out := map[string]document.Tree{}
	for name, f := range Sets() {
		for _, k := range document.All {
			if k.FinalOnly {
				continue
			}
			r := request(k)
			if name == "gaps" {
				r.Gate = "approve_to_prd"
			}
			d, err := document.MakeDraft(r, f)
			if err != nil {
				t.Fatal(err)
			}
			out[k.Name+"/"+name] = d.Tree()
		}
	}
	for _, name := range []string{"typical", "hostile"} {
		c, err := document.Certify(Sets()[name], 1)
		if err != nil {
			t.Fatal(err)
		}
		out[document.Certificate.Name+"/"+name] = c.Tree()
	}
	candidate, err := document.MakeCandidate(request(document.ChangeRecord), AtGate("approve_for_use"))
	if err != nil {
		t.Fatal(err)
	}
	final, err := document.Finalise(candidate, Typical().Gates[2])
	if err != nil {
		t.Fatal(err)
	}
	out["change-record/candidate"], out["change-record/final"] = candidate.Tree(), final.Tree()
	emergency := Emergency()
	urgent, err := document.MakeDraft(request(document.ChangeRecord), emergency)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := document.Certify(emergency, 1)
	if err != nil {
		t.Fatal(err)
	}
	out["change-record/emergency"], out["certificate/emergency"] = urgent.Tree(), certificate.Tree()
	open, err := document.MakeDraft(document.Request{Kind: document.ChangeRecord, Gate: "approve_to_prd", Revision: 1}, AtGate("approve_to_prd"))
	if err != nil {
		t.Fatal(err)
	}
	out["change-record/open"] = open.Tree()
	return out
}

func request(k document.Kind) document.Request {
	r := document.Request{Kind: k, Gate: "approve_for_use", Revision: 1}
	if k.PerEnvironment {
		r.Environment = "tst"
	}
	return r
}

// Large is a matrix of n rows, for benchmarks.
func Large(n int) document.Tree {
	f := Typical()
	rows := f.Matrix.Rows
	f.Matrix.Rows = nil
	for i := range n {
		row := rows[i%len(rows)]
		row.FS.ID, row.Test.ID = fmt.Sprint("FS-corp-procurement-", i+1), fmt.Sprint("TEST-corp-procurement-", i+1)
		f.Matrix.Rows = append(f.Matrix.Rows, row)
	}
	d, err := document.MakeDraft(request(document.Traceability), f)
	if err != nil {
		return document.Tree{}
	}
	return d.Tree()
}
