package storetest

import (
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/sign"
)

func ceremonies(t *testing.T, s *sqlstore.Store, clock *Clock) {
	keep := func(id string) {
		t.Helper()
		err := s.KeepCeremony(t.Context(), sign.Pending{Ceremony: id, Person: "ada", Operation: "gate.sign", Request: []byte("{}"), Method: "m", Payload: []byte("p"), Expires: clock.Now().Add(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
	}
	keep("c1")
	p, ok, err := s.TakeCeremony(t.Context(), "c1")
	if err != nil || !ok || p.Person != "ada" || string(p.Payload) != "p" || !p.Expires.Equal(clock.Now().Add(time.Minute).UTC()) {
		t.Errorf("got %+v, %v, %v", p, ok, err)
	}
	if _, ok, err := s.TakeCeremony(t.Context(), "c1"); ok || err != nil {
		t.Errorf("taken twice: %v", err)
	}
	keep("c2")
	clock.Move(2 * time.Minute)
	keep("c3")
	if _, ok, _ := s.TakeCeremony(t.Context(), "c2"); ok {
		t.Error("an unanswered ceremony was kept")
	}
}
