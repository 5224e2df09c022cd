package documenttest

import "github.com/dc-release/dc-release/internal/core/document"

// history is one voided revision of two documents, and those of version 1.1.0.
func history() document.History {
	h := document.History{}
	for _, d := range []struct{ name, code string }{{"change-record", "CR"}, {"user-requirements", "URS"}} {
		h.Revisions = append(h.Revisions,
			document.Revision{Name: d.name, Number: "CORP-PROCUREMENT-" + d.code + "-1.2.0-d01", Gate: "pre_val", At: at(9, 2, 11), SHA256: digest(d.name + " d01"), Outcome: "voided", Because: "evidence of a failed attempt came later"},
			document.Revision{Name: d.name, Number: "CORP-PROCUREMENT-" + d.code + "-1.2.0-d02", Gate: "pre_val", At: at(9, 40, 3), SHA256: digest(d.name + " d02"), Outcome: "consumed"})
		h.Finals = append(h.Finals, document.Last{Name: d.name, Number: "CORP-PROCUREMENT-" + d.code + "-1.1.0-r01", Version: "1.1.0", SHA256: digest(d.name + " 1.1.0")})
	}
	return h
}
