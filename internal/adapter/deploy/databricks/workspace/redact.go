package workspace

import (
	"regexp"
	"strings"

	"github.com/dc-release/dc-release/internal/core/mask"
)

// Redact hides secrets in the output of a tool: the known ones in every spelling
// of package mask, and what has the shape of one though nobody named it: headers
// with credentials, JSON web tokens, tokens of Databricks, and values beside the
// names of secrets, above all actions_id_token_request_token, which the CLI prints
// in clear text.
func Redact(text string, secrets ...Secret) string {
	known := mask.New()
	for _, s := range secrets {
		known.Add(string(s))
	}
	return hideShapes(known.Mask(text))
}

// secretNames are what stands before a value that is a secret.
var secretNames = func() string {
	names := []string{"access_token", "refresh_token", "subject_token", "client_assertion", "client_secret", "azure_client_secret", "password"}
	for _, t := range types {
		for _, v := range t.Variables {
			if v.Secret {
				names = append(names, regexp.QuoteMeta(strings.ToLower(v.Name)))
			}
		}
	}
	return strings.Join(names, "|")
}()

// The shapes of secrets; what the group holds stays.
var (
	headerShape = regexp.MustCompile(`(?i)(\bauthorization\\?["']?\s*[:=]\s*[\\"'\[]*)(?:(?:bearer|basic|token)\s+)?[^\s"'\\,\]]+`)
	bearerShape = regexp.MustCompile(`(?i)(\bbearer(?:\s+|%20|\+))[0-9a-z._~+/=-]{16,}`)
	valueShape  = regexp.MustCompile(`(?i)(\b(?:` + secretNames + `)\\?["']?\s*[:=]\s*(?:\\?["'])?)[^\s"'\\,;&)}\]]+`)
	plainToken  = regexp.MustCompile(`(?i)((?:\btoken=|["']token\\?["']\s*:\s*\\?["']))[^\s"'\\,;&)}\]]+`)
	jwtShape    = regexp.MustCompile(`eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]*)*`)
	ownShape    = regexp.MustCompile(`\b(?:dapi|dose)[0-9a-f]{32}(?:-[0-9]+)?\b`)
)

// hideShapes hides what has the shape of a secret.
func hideShapes(text string) string {
	for _, shape := range []*regexp.Regexp{headerShape, bearerShape, valueShape, plainToken} {
		text = shape.ReplaceAllString(text, "${1}"+mask.Text)
	}
	for _, shape := range []*regexp.Regexp{jwtShape, ownShape} {
		text = shape.ReplaceAllString(text, mask.Text)
	}
	return text
}
