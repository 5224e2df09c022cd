// Package person keeps the people of an installation: who they are, which
// roles they hold, and how they prove that they are present.
package person

// Credential is a person's factors; it never leaves the store's process.
type Credential struct {
	Password string // argon2id in PHC form
	Seed     string // TOTP seed, base32
	LastStep int64  // last accepted TOTP step
}
