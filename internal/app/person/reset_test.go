package person_test

import (
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestGXP036_ALostFactorEndsAtOnce(t *testing.T) {
	w := begin(t)
	id := w.person("cleo").ID
	w.must(w.Lose(t.Context(), w.by("admin"), "cleo", policy.PasswordTOTP, "phone stolen"))
	if s := w.person("cleo"); s.Enrolled || len(s.Factors) != 0 {
		t.Errorf("factors: %+v", s.Factors)
	}
	if _, ok, err := w.store.Credential(t.Context(), id); ok || err != nil {
		t.Errorf("the credential is still there (%v)", err)
	}
}

func TestAttack30_GXP032_AResetNeedsTwoPeopleAndADay(t *testing.T) {
	w := begin(t)
	_, err := w.Reset(t.Context(), w.by("quinn"), "cleo", "phone stolen")
	w.refused(err, "QC only agrees")
	_, err = w.Reset(t.Context(), w.by("cleo"), "cleo", "phone stolen")
	w.refused(err, "nobody resets the own factors")
	first, err := w.Reset(t.Context(), w.by("admin"), "cleo", "phone stolen")
	w.must(err)
	if first.Secret != "" {
		t.Fatal("one person got a link")
	}
	_, err = w.Reset(t.Context(), w.by("admin"), "cleo", "phone stolen")
	w.refused(err, "another person agrees")
	w.must(w.CheckIdentity(t.Context(), w.by("boris"), "cleo", "passport"))
	link, err := w.Reset(t.Context(), w.by("quinn"), "cleo", "talked to cleo")
	w.must(err)
	if w.person("cleo").Preparation.Checked {
		t.Error("whoever gets the link counts as somebody whose identity was checked")
	}
	_, err = w.Reset(t.Context(), w.by("boris"), "cleo", "once more")
	w.refused(err, "no reset of cleo waits")
	w.refused(w.enrols(link.Secret), "works from")
	w.clock.Move(24*time.Hour - time.Second)
	w.refused(w.enrols(link.Secret), "works from")
	w.clock.Move(time.Second)
	w.must(w.enrols(link.Secret))
	if s := w.person("cleo"); !s.Enrolled || s.Reset != (policy.Reset{}) {
		t.Errorf("%+v", s)
	}
}

func TestAttack30_ThePersonObjectsToAReset(t *testing.T) {
	for who, may := range map[string]bool{"cleo": true, "quinn": true, "boris": true, "dan": false} {
		t.Run(who, func(t *testing.T) {
			w := begin(t)
			_, err := w.Add(t.Context(), w.by("admin"), "dan", "Dan", "a long password", "joins")
			w.must(err)
			_, err = w.Reset(t.Context(), w.by("admin"), "cleo", "says so")
			w.must(err)
			link, err := w.Reset(t.Context(), w.by("boris"), "cleo", "says so too")
			w.must(err)
			err = w.CancelReset(t.Context(), w.by(who), "cleo", "it was not me")
			if !may {
				w.refused(err, "no administrator")
				return
			}
			w.must(err)
			w.clock.Move(25 * time.Hour)
			w.refused(w.enrols(link.Secret), "never made")
			if s := w.person("cleo"); !s.Enrolled || s.Reset != (policy.Reset{}) {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestGXP037_AnotherPersonUnlocks(t *testing.T) {
	w := begin(t)
	w.refused(w.Unlock(t.Context(), w.by("admin"), "cleo", "called"), "is not locked")
}
