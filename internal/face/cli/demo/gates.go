package demo

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// gates waits until ended, and at each gate says who must sign, or lets the
// demo's persons sign.
func (s *show) gates(ctx context.Context, ended func() (bool, error)) error {
	announced := ""
	for {
		if err := s.settle(ctx); err != nil {
			return err
		}
		if done, err := ended(); err != nil || done {
			return err
		}
		waiting, err := ask[[]inspect.Gate](ctx, s, "gate.list", operation.Scope{Solution: solution})
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			return fault.New(fault.RunFailed, "nothing moves and no gate waits")
		}
		g := waiting[0]
		if s.yes {
			if err := s.sign(ctx, g); err != nil {
				return err
			}
			continue
		}
		if text := s.whoMustSign(g); text != announced {
			announced = text
			s.say("%s", text)
		}
		if err := pause(ctx, 300*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sign gives everything that one gate asks for.
func (s *show) sign(ctx context.Context, g inspect.Gate) error {
	if slices.ContainsFunc(g.Missing, func(m string) bool { return strings.HasPrefix(m, "AV in val: no evidence") }) {
		return s.accept(ctx, g)
	}
	if unread(g) {
		return s.agree(ctx, g)
	}
	if unreviewed(g) {
		return s.review(ctx, g)
	}
	if len(g.Unsigned) == 0 {
		return fault.New(fault.RunFailed, "gate %s does not open: %s", g.Gate, strings.Join(g.Missing, "; "))
	}
	s.say("gate %s of %s is open: %s", g.Gate, label(g), strings.Join(g.Unsigned, ", "))
	for _, meaning := range g.Unsigned {
		def, ok := signature.Find(signature.Meaning(meaning))
		if !ok {
			return fault.New(fault.Internal, "meaning %q is not in the list", meaning)
		}
		err := s.perform(ctx, def.Roles, func(p player, c sign.Credentials) error {
			r := sign.Request{Solution: solution, Version: g.Version, Gate: g.Gate, Meaning: def.Meaning, Manifest: g.Manifest, By: sign.By{As: p.Login, Reason: "reviewed in the demo", Credentials: c}}
			if strings.HasPrefix(string(g.Subject), "environment/") {
				r.Subject = g.Subject
			}
			signed, err := ask[sign.Signed](ctx, s, "gate.sign", r)
			if err == nil {
				s.say("  %-20s %s (%s)", meaning, p.Name, signed.Role)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unreviewed reports whether the gate waits for the review of the audit trail.
func unreviewed(g inspect.Gate) bool {
	return slices.ContainsFunc(g.Missing, func(m string) bool { return strings.HasPrefix(m, "audit trail: ") })
}

// review lets somebody who does nothing else review the audit trail.
func (s *show) review(ctx context.Context, g inspect.Gate) error {
	return s.performAs(ctx, func(p player) bool { return p.Reviews }, func(p player, c sign.Credentials) error {
		_, err := ask[sign.Signed](ctx, s, "audit.review", sign.Review{Solution: solution, Version: g.Version, By: sign.By{As: p.Login, Reason: "reviewed each entry in the demo", Credentials: c}})
		if err == nil {
			s.say("  %-20s %s (%s) reviewed the exception list", signature.AuditTrailReviewed, p.Name, p.Role)
		}
		return err
	})
}

func label(g inspect.Gate) string {
	if g.Version == "" {
		return string(g.Subject)
	}
	return g.Version
}

// whoMustSign is what a person types in another terminal.
func (s *show) whoMustSign(g inspect.Gate) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line("gate ", g.Gate, " of ", label(g), " is ", g.Phase)
	for _, m := range g.Missing {
		line("  missing: ", m)
	}
	do := func(login, command string) {
		line("    ", s.program(), " demo code ", login, " --dir ", s.dir, " --json | \\")
		line("      ", s.program(), " --data ", s.Env.Data, " ", command, " --solution ", solution, " --version ", orRollback(g.Version), " --as ", login, " --credentials -")
	}
	if slices.ContainsFunc(g.Missing, func(m string) bool { return strings.HasPrefix(m, "AV in val") }) {
		line("  an acceptance tester (", s.logins(policy.Tester), ") executes:")
		do("tom", "evidence add "+s.path("work", "acceptance.xml"))
	}
	if unread(g) {
		line("  somebody with role sme or qc reviews the protocol:")
		do("sven", "acceptance review "+steps)
	}
	if unreviewed(g) {
		line("  somebody with role qc who did nothing else in the release (vera) reviews the audit trail:")
		do("vera", "audit review --sign")
	}
	for i, m := range g.Unsigned {
		def, _ := signature.Find(signature.Meaning(m))
		line("  ", m, " by ", g.Roles[i], " (", s.logins(def.Roles...), "):")
		do(strings.Split(s.logins(def.Roles...), ", ")[0], "gate sign "+g.Gate+" --meaning "+m)
	}
	return strings.TrimRight(b.String(), "\n")
}

func orRollback(version string) string {
	if version == "" {
		return "1.0.0"
	}
	return version
}

func (s *show) logins(roles ...policy.Role) string {
	var out []string
	for _, p := range s.cast.Persons {
		if slices.Contains(roles, p.Role) {
			out = append(out, p.Login)
		}
	}
	return strings.Join(out, ", ")
}
