// Package totp makes and checks time-based one-time codes (RFC 6238: SHA-1, 6
// digits, 30 seconds).
package totp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// Period of one code.
const Period = 30 * time.Second

// skew is how many steps a code may be early or late.
const skew = 1

// NewSeed makes a seed of 160 bits in base32.
func NewSeed() (string, error) {
	raw := make([]byte, 20)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make TOTP seed: %w", err)
	}
	return base32.StdEncoding.EncodeToString(raw), nil
}

// Step is the number of the period that holds a time.
func Step(at time.Time) int64 { return at.Unix() / int64(Period/time.Second) }

// Code is the code of a seed at a time.
func Code(seed string, at time.Time) (string, error) {
	return hotp.GenerateCodeCustom(seed, uint64(Step(at)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// Match finds the step of a code around a time; ok is false when no step within
// one period of it has the code. Using a step once is the caller's duty.
func Match(seed, code string, at time.Time) (step int64, ok bool, err error) {
	for d := -skew; d <= skew; d++ {
		want, err := Code(seed, at.Add(time.Duration(d)*Period))
		if err != nil {
			return 0, false, fmt.Errorf("check TOTP code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = Step(at)+int64(d), true
		}
	}
	return step, ok, nil
}
