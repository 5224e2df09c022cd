package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/url"

	"github.com/pquerna/otp"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// ask calls an operation.
func ask[R any](s *Site, r *http.Request, name string, request any) (out R, err error) {
	raw, err := json.Marshal(request)
	if err != nil {
		return out, err
	}
	answer, err := operation.Call(r.Context(), s.App, name, raw)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(answer, &out)
}

// factors are those of a form.
func factors(r *http.Request) sign.Credentials {
	return sign.Credentials{Password: r.PostFormValue("password"), Code: r.PostFormValue("code")}
}

type signInView struct {
	Login, Problem string
	Provider       string
}

func (s *Site) signInPage(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	return s.show(w, r, http.StatusOK, "Sign in", signInForm(signInView{Provider: s.providerName()}))
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	q := operation.StartSession{Login: r.PostFormValue("login"), Credentials: factors(r), Source: source(r)}
	who, err := ask[operation.Session](s, r, "session.start", q)
	if fault.KindOf(err) == fault.Forbidden {
		return s.show(w, r, http.StatusForbidden, "Sign in", signInForm(signInView{Login: q.Login, Problem: err.Error(), Provider: s.providerName()}))
	}
	if err != nil {
		return err
	}
	if err := s.begin(r.Context(), who.Person, who.Login); err != nil {
		return err
	}
	http.Redirect(w, r, "/signatures", http.StatusSeeOther)
	return nil
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	if _, err := ask[operation.None](s, r, "session.end", operation.EndSession{Person: who.ID}); err != nil {
		return err
	}
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}

type enrolView struct {
	person.Enrolment
	Secret, Problem string
	Picture         string // of the seed, a URL
}

func (s *Site) enrolPage(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	return s.show(w, r, http.StatusOK, "Accept an invitation", enrolForm(enrolView{}))
}

// enrolLook shows who is invited, and the seed.
func (s *Site) enrolLook(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	return s.enrolForm(w, r, http.StatusOK, "")
}

func (s *Site) enrolForm(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	v := enrolView{Secret: r.PostFormValue("secret"), Problem: problem}
	var err error
	if v.Enrolment, err = ask[person.Enrolment](s, r, "person.enrolment", operation.UseLink{Secret: v.Secret}); err != nil {
		return err
	}
	if v.Picture, err = picture(v.Login, v.Seed); err != nil {
		return err
	}
	return s.show(w, r, status, "Accept an invitation", enrolForm(v))
}

func (s *Site) enrolComplete(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	if r.PostFormValue("password") != r.PostFormValue("again") {
		return s.enrolForm(w, r, http.StatusBadRequest, "the two passwords are not the same")
	}
	c := factors(r)
	_, err := ask[person.Added](s, r, "person.enrol", operation.UseLink{Secret: r.PostFormValue("secret"), Password: c.Password, Code: c.Code})
	if kind := fault.KindOf(err); kind == fault.Forbidden || kind == fault.Invalid {
		return s.enrolForm(w, r, http.StatusForbidden, err.Error())
	}
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "You are enrolled", enrolledPage())
}

// picture is the seed as an authenticator app scans it.
func picture(login, seed string) (string, error) {
	q := url.Values{"secret": {seed}, "issuer": {"dc-release"}}
	key, err := otp.NewKeyFromURL("otpauth://totp/dc-release:" + url.PathEscape(login) + "?" + q.Encode())
	if err != nil {
		return "", fmt.Errorf("picture of the seed: %w", err)
	}
	img, err := key.Image(240, 240)
	if err != nil {
		return "", fmt.Errorf("picture of the seed: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
