package web

import (
	"net/http"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

type ownView struct {
	inspect.Signatures
	Me       inspect.PersonDetail
	Asked    int64 // version of the statement
	Provider string
	Linked   bool
}

// signatures is what waits for the person and what the person has signed.
func (s *Site) signatures(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	v := ownView{Asked: who.Asked.Statement, Provider: s.providerName()}
	var err error
	if v.Signatures, err = ask[inspect.Signatures](s, r, "signature.list", operation.Login{Login: who.Login}); err != nil {
		return err
	}
	if v.Me, err = ask[inspect.PersonDetail](s, r, "person.show", operation.Login{Login: who.Login}); err != nil {
		return err
	}
	for _, f := range who.Factors {
		v.Linked = v.Linked || f.Kind == policy.OIDC
	}
	return s.show(w, r, http.StatusOK, "My signatures", signaturesPage(v))
}

type statementView struct {
	operation.Statement
	Problem string
}

func (s *Site) statementPage(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	return s.statement(w, r, http.StatusOK, "")
}

func (s *Site) statement(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	text, err := ask[operation.Statement](s, r, "person.statement", operation.None{})
	if err != nil {
		return err
	}
	return s.show(w, r, status, "Statement on electronic signatures", statementForm(statementView{text, problem}))
}

func (s *Site) acceptStatement(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	q := operation.AcceptStatement{By: sign.By{As: who.Login, Credentials: factors(r)}, SHA256: r.PostFormValue("sha256")}
	_, err := ask[operation.None](s, r, "person.accept-statement", q)
	if fault.KindOf(err) == fault.Forbidden {
		return s.statement(w, r, http.StatusForbidden, err.Error())
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/signatures", http.StatusSeeOther)
	return nil
}

type passkeyView struct {
	Problem string
	Ticket  string
	Options string // JSON, read by the script
}

func (s *Site) passkeyPage(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	return s.show(w, r, http.StatusOK, "Add a passkey", passkeyForm(passkeyView{}))
}

// passkeyBegin asks for the factors first: a session alone adds none.
func (s *Site) passkeyBegin(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	begun, err := ask[person.Passkey](s, r, "passkey.begin", operation.Present{By: sign.By{As: who.Login, Credentials: factors(r)}})
	if fault.KindOf(err) == fault.Forbidden {
		return s.show(w, r, http.StatusForbidden, "Add a passkey", passkeyForm(passkeyView{Problem: err.Error()}))
	}
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "Add a passkey", passkeyForm(passkeyView{Ticket: begun.Ticket, Options: string(begun.Options)}))
}

func (s *Site) passkeyEnrol(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	q := operation.EnrolPasskey{Ticket: r.PostFormValue("ticket"), Response: []byte(r.PostFormValue("response"))}
	if _, err := ask[operation.None](s, r, "passkey.enrol", q); err != nil {
		return err
	}
	http.Redirect(w, r, "/signatures", http.StatusSeeOther)
	return nil
}
