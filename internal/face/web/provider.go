package web

import (
	"context"
	"net/http"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Provider lets people in who are known elsewhere.
type Provider interface {
	Name() string
}

func (s *Site) providerName() string {
	if s.Provider == nil {
		return ""
	}
	return s.Provider.Name()
}

func (s *Site) stepUp(context.Context, sign.Ceremony) (string, error) {
	return "", fault.New(fault.Invalid, "no identity provider is configured")
}

func (s *Site) oidcSignIn(http.ResponseWriter, *http.Request, policy.Subject) error {
	return fault.New(fault.NotFound, "no identity provider is configured")
}

func (s *Site) oidcLink(http.ResponseWriter, *http.Request, policy.Subject) error {
	return fault.New(fault.NotFound, "no identity provider is configured")
}

func (s *Site) oidcCallback(http.ResponseWriter, *http.Request, policy.Subject) error {
	return fault.New(fault.NotFound, "no identity provider is configured")
}
