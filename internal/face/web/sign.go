package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// decisions are what a person can do at a gate, with their operations.
var decisions = map[string]string{"approve": "gate.sign", "reject": "gate.reject", "withdraw": "gate.withdraw"}

// wish is a signature that a person wants to give, as links and forms carry it.
type wish struct {
	Solution, Version, Subject, Gate, Meaning, Decision, Reason, Method string
}

func wishOf(form url.Values) wish {
	return wish{
		form.Get("solution"), form.Get("version"), form.Get("subject"), form.Get("gate"), form.Get("meaning"),
		cmp.Or(form.Get("decision"), "approve"), form.Get("reason"), form.Get("method"),
	}
}

// approval and rejection are what a person can do with what waits.
func approval(w inspect.Waiting) wish {
	x := rejection(w)
	x.Decision, x.Meaning = "approve", w.Meaning
	return x
}

func rejection(w inspect.Waiting) wish {
	return wish{Solution: w.Solution, Version: w.Version, Subject: string(w.Subject), Gate: w.Gate, Decision: "reject"}
}

// address is where the wish is signed.
func (x wish) address() string {
	q := url.Values{}
	for name, value := range map[string]string{
		"solution": x.Solution, "version": x.Version, "subject": x.Subject, "gate": x.Gate, "meaning": x.Meaning, "decision": x.Decision,
	} {
		q.Set(name, value)
	}
	return "/sign?" + q.Encode()
}

func (x wish) request() sign.Request {
	return sign.Request{
		By: sign.By{Reason: x.Reason}, Solution: x.Solution, Version: x.Version, Subject: ledger.Stream(x.Subject), Gate: x.Gate, Meaning: signature.Meaning(x.Meaning),
	}
}

// Text is the meaning in words.
func (x wish) Text() string {
	m := signature.Meaning(x.Meaning)
	switch x.Decision {
	case "reject":
		m = signature.RejectedMeaning
	case "withdraw":
		m = signature.WithdrawnMeaning
	}
	d, _ := signature.Find(m)
	return d.Text
}

type method struct{ Name, Title, Explained string }

// methods are those that the person can use here.
func (s *Site) methods(who policy.Subject) []method {
	var out []method
	all := []method{
		{policy.Passkey, "Passkey", "your own key signs what is shown"},
		{policy.PasswordTOTP, "Password and one-time code", "the server attests that you were present"},
		{policy.OIDC, s.providerName(), "you sign in there anew, and the server attests that you were present"},
	}
	for _, m := range all {
		_, offered := s.App.Signer.Provers[m.Name]
		if offered && slices.ContainsFunc(who.Factors, func(f policy.Factor) bool { return f.Kind == m.Name }) {
			out = append(out, m)
		}
	}
	return out
}

type signView struct {
	wish
	Methods []method
}

// signPage asks for reason and method; nothing is fixed yet.
func (s *Site) signPage(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	x := wishOf(r.URL.Query())
	if decisions[x.Decision] == "" {
		return fault.New(fault.Invalid, "decision %q: want approve, reject or withdraw", x.Decision)
	}
	return s.show(w, r, http.StatusOK, "Sign", signForm(signView{x, s.methods(who)}))
}

type ceremonyView struct {
	wish
	sign.Ceremony
	Options   string // JSON for a passkey
	Elsewhere string // address of the identity provider
}

// signBegin fixes the bytes and shows the sheet whole.
func (s *Site) signBegin(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "form: %v", err)
	}
	x := wishOf(r.PostForm)
	name, ok := decisions[x.Decision]
	if !ok {
		return fault.New(fault.Invalid, "decision %q: want approve, reject or withdraw", x.Decision)
	}
	request, err := json.Marshal(x.request())
	if err != nil {
		return err
	}
	v := ceremonyView{wish: x}
	if v.Ceremony, err = operation.Begin(r.Context(), s.App, who.ID, x.Method, name, request); err != nil {
		return err
	}
	switch x.Method {
	case policy.Passkey:
		options, err := s.Passkeys.Challenge(r.Context(), who, v.Challenge)
		if err != nil {
			return fault.New(fault.Forbidden, "%v", err)
		}
		v.Options = string(options)
	case policy.OIDC:
		if v.Elsewhere, err = s.stepUp(r, v.Ceremony); err != nil {
			return err
		}
	}
	return s.show(w, r, http.StatusOK, "Sign", ceremonyPage(v))
}

func (s *Site) signComplete(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	proof := sign.Proof{Credentials: factors(r)}
	if response := r.PostFormValue("response"); response != "" {
		if !json.Valid([]byte(response)) {
			return fault.New(fault.Invalid, "the answer of the authenticator is no JSON")
		}
		proof.Response = json.RawMessage(response)
	}
	return s.complete(w, r, who, r.PostFormValue("ceremony"), proof)
}

func (s *Site) complete(w http.ResponseWriter, r *http.Request, who policy.Subject, ceremony string, proof sign.Proof) error {
	signed, err := operation.Complete(r.Context(), s.App, who.ID, ceremony, proof)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "Signed", signedPage(signed))
}
