package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dc-release/dc-release/internal/app/access"
)

// A stream of a page ends after liveLongest at the latest; the browser begins it
// again where it was, and it is asked again who looks. liveWait is how long one
// answer is waited for, in seconds.
const (
	liveLongest = 50 * time.Second
	liveWait    = 10
)

// glimpse is what a page shows at a moment.
type glimpse struct {
	shown  templ.Component
	cursor string // of what is shown: what comes after it has another
	last   bool   // nothing comes after it
}

// live streams what a page shows as server-sent events, each time it has
// changed since the cursor. To look at a page is nothing that a person does: it
// does not keep the session, which ends in time.
func (s *Site) live(next func(r *http.Request, cursor string) (glimpse, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), liveLongest)
		defer cancel()
		out := stream{w, http.NewResponseController(w)}
		_ = out.SetReadDeadline(time.Time{}) // that of the request is over; without support there is none
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		cursor := r.Header.Get("Last-Event-ID")
		for ctx.Err() == nil {
			may, err := s.mayLook(r)
			if err == nil && !may {
				_ = out.send("", "ended", templ.Raw("")) // a browser that is gone gets nothing
				return
			}
			var m glimpse
			if err == nil {
				m, err = next(r.WithContext(ctx), cursor)
			}
			if err != nil {
				if ctx.Err() == nil {
					s.Logger.Error("live page", "path", r.URL.Path, "error", err)
				}
				return // the browser begins again
			}
			if m.cursor != cursor {
				err = out.send(m.cursor, "", m.shown)
			} else if err = out.comment(); err == nil {
				rest(ctx)
			}
			if cursor = m.cursor; err == nil && m.last {
				err = out.send(m.cursor, "ended", templ.Raw(""))
			}
			if err != nil || m.last {
				return
			}
		}
	})
}

// rest is between answers that are the same: nobody may be there who waits.
func rest(ctx context.Context) {
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
}

// mayLook reports whether the request is of a person's session; it leaves the
// session as it is.
func (s *Site) mayLook(r *http.Request) (bool, error) {
	cookie, err := r.Cookie(s.sessions.Cookie.Name)
	if err != nil {
		return false, nil // there is none
	}
	ctx, err := s.sessions.Load(r.Context(), cookie.Value)
	if err != nil {
		return false, err
	}
	id := s.sessions.GetString(ctx, keyPerson)
	if id == "" {
		return false, nil
	}
	who, err := s.State.Person(ctx, id)
	return access.MayEnter(who) == nil, err
}

// stream is an answer of server-sent events.
type stream struct {
	http.ResponseWriter
	*http.ResponseController
}

// send sends one event; name is "" for what is shown.
func (o stream) send(id, name string, shown templ.Component) error {
	var text bytes.Buffer
	if err := shown.Render(context.Background(), &text); err != nil {
		return err
	}
	var b strings.Builder
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	if name != "" {
		fmt.Fprintf(&b, "event: %s\n", name)
	}
	for line := range strings.Lines(text.String()) {
		fmt.Fprintf(&b, "data: %s\n", strings.TrimRight(line, "\r\n"))
	}
	b.WriteString("\n")
	return o.write(b.String())
}

// comment keeps the connection.
func (o stream) comment() error { return o.write(": nothing new\n\n") }

func (o stream) write(text string) error {
	if _, err := o.Write([]byte(text)); err != nil {
		return err
	}
	return o.Flush()
}
