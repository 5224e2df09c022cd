package verify

import (
	"bytes"
	"slices"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// acceptances makes every protocol of manual tests again from the events and the
// script, finds the files that were captured, and looks at who signed. files are
// those of the folder by digest.
func (f *folder) acceptances(events []ledger.Event, files map[string]string) {
	var list []acceptance.Acceptance
	for _, e := range events {
		list = acceptance.Apply(list, e)
	}
	for _, a := range list {
		at := f.at(f.history.file[a.Seq])
		for _, file := range a.Files() {
			if _, ok := f.captured(file.SHA256, files); !ok {
				f.report.add(at, a.Seq, "evidence", "%s: file %s with SHA-256 %s is neither here nor external", a.Acceptance, file.Name, file.SHA256)
			}
		}
		f.remade(a, files)
		f.agreed(a)
	}
	for _, e := range events {
		if d, ok := e.Data.(*evidence.Recorded); ok {
			f.submitted(e, d, list)
		}
	}
}

// submitted refuses a protocol that counts and was not submitted.
func (f *folder) submitted(e ledger.Event, d *evidence.Recorded, list []acceptance.Acceptance) {
	for _, i := range d.Items {
		if i.Format == evidence.FormatAcceptance && !slices.ContainsFunc(list, func(a acceptance.Acceptance) bool {
			return a.Submitted != nil && a.Submitted.Protocol == i.SHA256 && a.Submitted.Signature == d.Signature && a.Tester == d.Person
		}) {
			f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "evidence", "%s is the protocol of no execution", i.Name)
		}
	}
}

// captured is a file by its digest; ok says that it is here or external.
func (f *folder) captured(digest string, files map[string]string) (data []byte, ok bool) {
	if name, here := files[digest]; here {
		return f.files[name], true
	}
	return nil, slices.ContainsFunc(f.index.Externals, func(x releaselog.External) bool { return x.SHA256 == digest })
}

// remade compares the signed protocol with what the events and the script say.
func (f *folder) remade(a acceptance.Acceptance, files map[string]string) {
	if a.Submitted == nil {
		return
	}
	at := f.at(f.history.file[a.Seq])
	raw, _ := f.captured(a.Script, files)
	script, err := acceptance.ParseScript(raw)
	if err != nil {
		f.report.add(at, a.Seq, "recount", "%s: %v", a.Acceptance, err)
		return
	}
	protocol, err := a.Protocol(script)
	if err != nil {
		f.report.add(at, a.Seq, "recount", "%s was submitted, but %v", a.Acceptance, err)
		return
	}
	made, err := protocol.JSON()
	if err != nil || canonical.SHA256(made) != a.Submitted.Protocol {
		f.report.add(at, a.Seq, "recount", "%s: the protocol that was signed is not what its steps say", a.Acceptance)
		return
	}
	if stored, ok := f.captured(a.Submitted.Protocol, files); ok && stored != nil && !bytes.Equal(stored, made) {
		f.report.add(at, a.Seq, "recount", "%s: the stored protocol is not what its steps say", a.Acceptance)
	}
}

// agreed finds the signature of the second person.
func (f *folder) agreed(a acceptance.Acceptance) {
	if a.Reviewed == nil {
		return
	}
	for _, e := range f.own() {
		m, ok := e.Data.(*signature.Made)
		if ok && m.Signature == a.Reviewed.Signature && m.Person == a.Reviewed.Person && m.Meaning == signature.Reviewed && a.Submitted != nil && m.Manifest == a.Submitted.Protocol && m.Person != a.Tester {
			return
		}
	}
	f.report.add(f.at(f.history.file[a.Seq]), a.Seq, "signature", "%s was reviewed by nobody who signed it", a.Acceptance)
}
