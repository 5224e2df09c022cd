package policy

import "fmt"

// Rollback says how a solution goes back to the release before.
type Rollback struct {
	// Rehearse is the place where going back and forth again is rehearsed before
	// the release may enter PRD: tst or val, "" is read as tst.
	Rehearse string `json:"rehearse,omitempty"`
	// Automatic lets PRD go back by itself when the installation verification
	// after a deployment fails. Whoever signs the baseline authorises it.
	Automatic bool `json:"automatic,omitempty"`
}

// Place is where rollbacks are rehearsed.
func (r Rollback) Place() string {
	if r.Rehearse == "" {
		return "tst"
	}
	return r.Rehearse
}

func (r Rollback) check() []error {
	if place := r.Place(); place != "tst" && place != "val" {
		return []error{fmt.Errorf("rollback: rehearse in %q: want tst or val", place)}
	}
	return nil
}
