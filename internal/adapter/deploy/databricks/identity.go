package databricks

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// identify finds who deploys to the place and reads it back.
func (s *session) identify(ctx context.Context) error {
	s.env = maps.Clone(s.place.environment)
	for _, name := range s.place.secrets {
		value, ok, err := s.Secret(ctx, s.call.Solution, s.call.Environment, name)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Invalid, "environment %s needs the secret %s, which is not kept here", s.call.Environment, name).
				WithHint("dc-release secret set %s --solution %s --environment %s", name, s.call.Solution, s.call.Environment)
		}
		s.env[name] = value
	}
	auth, err := workspace.AuthOf(s.env, s.issuer())
	config := workspace.Config{Host: s.env["DATABRICKS_HOST"], Auth: auth, HTTP: s.HTTP, Clock: workspace.Clock{Wait: s.Wait}}
	if errors.Is(err, workspace.ErrForeign) {
		config, err = workspace.Config{Via: workspace.Through(s.through), Parallel: 1}, s.lend(ctx)
	}
	if err != nil {
		return err
	}
	s.client, err = workspace.Open(ctx, config)
	return err
}

// through runs the program for one read, beside the bundle and not in it.
func (s *session) through(ctx context.Context, args ...string) (stdout []byte, cut bool, exit int, stderr string, err error) {
	out, err := s.startIn(ctx, "", args)
	return out.Stdout, out.Cut > 0, out.Exit, string(out.Stderr), err
}

// handed is the identity as the program is given it: by its environment alone, and
// with a token that was issued for this start of it.
func (s *session) handed(ctx context.Context) (map[string]string, error) {
	handed, err := s.client.Hand(ctx, s.env)
	if err != nil {
		return nil, err
	}
	s.given = append(s.given, handed.Secrets...)
	return handed.Variables, nil
}

// issuer is this installation's, for the place. What a token says stands in the
// record of the call, the token itself nowhere.
func (s *session) issuer() workspace.Issuer {
	if s.Issue == nil {
		return nil
	}
	said := map[string]bool{}
	return func(ctx context.Context, audience string) (workspace.Secret, error) {
		raw, err := s.Issue(s.call.Solution, s.call.Environment, audience)
		if err != nil || said[audience] {
			return workspace.Secret(raw), err
		}
		claims, err := workspace.Claims(workspace.Secret(raw))
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(map[string]any{"iss": claims.Issuer, "sub": claims.Subject, "aud": claims.Audience})
		if err != nil {
			return "", err
		}
		said[audience] = true
		return workspace.Secret(raw), s.call.Answer(ctx, "identity token", text)
	}
}
