package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// row is a session of the table.
type row struct {
	data    []byte
	expires time.Time
}

type rows map[string]row

func (r rows) FindSession(_ context.Context, id string) ([]byte, bool, error) {
	s, ok := r[id]
	return s.data, ok && s.expires.After(time.Now()), nil
}

func (r rows) KeepSession(_ context.Context, id, _ string, data []byte, expires time.Time) error {
	r[id] = row{data, expires}
	return nil
}

func (r rows) DropSession(_ context.Context, id string) error {
	delete(r, id)
	return nil
}

func TestGXP061_ASessionEndsWhenNothingHappensAndAfterHalfADay(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration // between requests
		times int
		want  string
	}{
		"a request every 14 minutes":                  {14 * time.Minute, 20, "cleo"},
		"a request after 16 minutes":                  {16 * time.Minute, 1, ""},
		"a request every 10 minutes for 12 hours":     {10 * time.Minute, 72, ""},
		"a request every 10 minutes for 11 1/2 hours": {10 * time.Minute, 69, "cleo"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Site{sessions: newSessions(rows{}, true)}
			synctest.Test(t, func(t *testing.T) {
				var cookie *http.Cookie
				ask := func(h http.HandlerFunc) {
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					if cookie != nil {
						r.AddCookie(cookie)
					}
					w := httptest.NewRecorder()
					s.sessions.LoadAndSave(h).ServeHTTP(w, r)
					for _, set := range w.Result().Cookies() {
						cookie = set
					}
				}
				ask(func(_ http.ResponseWriter, r *http.Request) {
					if err := s.begin(r.Context(), "cleo", "cleo"); err != nil {
						t.Error(err)
					}
				})
				got := "cleo"
				for range c.times {
					<-time.After(c.every)
					ask(func(_ http.ResponseWriter, r *http.Request) { got = s.sessions.GetString(r.Context(), keyPerson) })
				}
				if got != c.want {
					t.Errorf("the session is of %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestTheTableHoldsDigestsOfSessionIds(t *testing.T) {
	table := rows{}
	s := &Site{sessions: newSessions(table, false)}
	w := httptest.NewRecorder()
	s.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := s.begin(r.Context(), "cleo", "cleo"); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	id := w.Result().Cookies()[0].Value
	if _, plain := table[id]; plain || len(table) != 1 {
		t.Errorf("%d rows, one under the id itself: %t", len(table), plain)
	}
}
