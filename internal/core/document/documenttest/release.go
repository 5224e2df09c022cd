package documenttest

import "github.com/dc-release/dc-release/internal/core/document"

// Release is every document of the typical release at every gate and in every
// stage that exists, under "STAGE-GATE/FILE": "draft-pre_val/test-report-tst".
// The finals, "final/FILE", are the set of record.
func Release(t Fataler) map[string]document.Tree {
	t.Helper()
	out := map[string]document.Tree{}
	for _, gate := range []string{"pre_val", "approve_to_prd", "approve_for_use"} {
		f := AtGate(gate)
		for _, r := range document.Set(f.Selection(gate, 1)) {
			d, err := document.MakeDraft(r, f)
			if err != nil {
				t.Fatal(err)
			}
			out["draft-"+gate+"/"+r.FileName()] = d.Tree()
		}
	}
	f, signed := AtGate("approve_for_use"), Typical().Gates[2]
	for _, r := range document.Set(f.Selection("approve_for_use", 1)) {
		c, err := document.MakeCandidate(r, f)
		if err != nil {
			t.Fatal(err)
		}
		final, err := document.Finalise(c, signed)
		if err != nil {
			t.Fatal(err)
		}
		out["candidate/"+r.FileName()], out["final/"+r.FileName()] = c.Tree(), final.Tree()
	}
	certificate, err := document.Certify(Typical(), 1)
	if err != nil {
		t.Fatal(err)
	}
	out["final/"+document.Certificate.Name] = certificate.Tree()
	return out
}
