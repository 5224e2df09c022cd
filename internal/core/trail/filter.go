// Package trail is the audit trail as people ask for it: by who, what, when and
// why, for a solution and a version; and the form in which it is exported.
package trail

import (
	"fmt"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Filter selects events; what is "" selects all.
type Filter struct {
	Who      string `json:"who"`      // login or id of the actor, as it was asked for
	Actor    string `json:"actor"`    // id that Who stands for
	Type     string `json:"type"`     // beginning of the type
	Stream   string `json:"stream"`   // beginning of the stream
	Since    string `json:"since"`    // ledger time, inclusive
	Until    string `json:"until"`    // ledger time, exclusive
	Why      string `json:"why"`      // text within the reason, in any case
	Solution string `json:"solution"` //
	Version  string `json:"version"`  // of the solution's release
}

// ParseMoment reads a time that a person gave: RFC 3339, or a day in UTC.
func ParseMoment(s string) (string, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return ledger.FormatTime(t), nil
		}
	}
	return "", fault.New(fault.Invalid, "time %q: want RFC 3339 like 2026-03-04T13:22:05Z, or a day like 2026-03-04", s)
}

// MomentOrNow is ParseMoment where "" stands for now.
func MomentOrNow(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	return ParseMoment(s)
}

// Check reports what is wrong with a filter.
func (f Filter) Check() error {
	for _, s := range []string{f.Since, f.Until} {
		if s == "" {
			continue
		}
		if _, err := ledger.ParseTime(s); err != nil {
			return fault.New(fault.Invalid, "filter: %v", err)
		}
	}
	if f.Version != "" && f.Solution == "" {
		return fault.New(fault.Invalid, "filter: a version needs its solution").WithHint("add --solution KEY")
	}
	return nil
}

// Whole reports whether the filter selects every event.
func (f Filter) Whole() bool { return f == Filter{} }

// WholeStreams reports whether the filter takes a stream whole or not at all.
func (f Filter) WholeStreams() bool {
	return f == Filter{Stream: f.Stream, Solution: f.Solution, Version: f.Version}
}

// String states the filter for readers, in the order of the fields.
func (f Filter) String() string {
	var out []string
	add := func(what, value string) {
		if value != "" {
			out = append(out, fmt.Sprintf("%s %q", what, value))
		}
	}
	add("who", f.Who)
	add("type begins with", f.Type)
	add("stream begins with", f.Stream)
	add("since", f.Since)
	add("until before", f.Until)
	add("reason contains", f.Why)
	add("solution", f.Solution)
	add("version", f.Version)
	if len(out) == 0 {
		return "none: every event"
	}
	return strings.Join(out, ", ")
}

// Fold is how texts are compared in any case.
func Fold(s string) string { return strings.ToLower(s) }

// Match reports whether an event is selected; solution and version are those
// that ScopeOf and the run's start give.
func (f Filter) Match(h ledger.Header, solution, version string) bool {
	actor := f.Actor
	if actor == "" {
		actor = f.Who
	}
	return (actor == "" || h.Actor.ID == actor) && strings.HasPrefix(h.Type, f.Type) && strings.HasPrefix(string(h.Stream), f.Stream) &&
		(f.Since == "" || h.Time >= f.Since) && (f.Until == "" || h.Time < f.Until) && strings.Contains(Fold(h.Reason), Fold(f.Why)) &&
		(f.Solution == "" || f.Solution == solution) && (f.Version == "" || f.Version == version)
}

// ScopeOf is the solution and version that an event is about, as far as the
// event says it: by its stream, what was refused, or the role that was granted.
// A run's events are about what the run was started for; run is its id then.
func ScopeOf(e ledger.Event) (solution, version, run string) {
	stream := e.Stream
	switch d := e.Data.(type) {
	case *ledger.Refused:
		if d.Subject != "" {
			stream = ledger.Stream(d.Subject)
		}
	case *policy.RoleGranted:
		return d.Grant.Solution, "", ""
	case *policy.RoleRevoked:
		return d.Grant.Solution, "", ""
	}
	parts := strings.Split(string(stream), "/")
	switch {
	case len(parts) == 3 && parts[0] == "release":
		return parts[1], parts[2], ""
	case len(parts) > 1 && (parts[0] == "environment" || parts[0] == "solution" || parts[0] == "policy"):
		return parts[1], "", ""
	case len(parts) == 2 && parts[0] == "run":
		return "", "", parts[1]
	}
	return "", "", ""
}
