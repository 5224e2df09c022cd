// Package ledger is the tamper-evident sequence of events: their envelope,
// how an event becomes a leaf, the Merkle tree over the leaves (RFC 6962) and
// the signed checkpoint (C2SP tlog-checkpoint) that fixes size and root.
//
// Formats are normative in docs/release-log-format.md and never change for
// data that exists.
package ledger

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Schema of the event header.
const Schema = "dc-release/event/v1"

// MaxEvent is the limit of header and parts together, in bytes. What is larger
// is a blob and the event holds its digest.
const MaxEvent = 64 << 10

// TimeLayout is the one form of time in events and documents: UTC, RFC 3339
// with six digits.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// FormatTime renders a time for an event.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeLayout) }

// ParseTime reads what FormatTime wrote and nothing else.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(TimeLayout, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q: want UTC RFC 3339 with six digits", s)
	}
	return t, nil
}

// Stream names a gapless sequence of events about one thing.
type Stream string

var streamForm = regexp.MustCompile(`^(installation|(solution|release|run|environment|person|policy|worker)(/[A-Za-z0-9._-]+){1,2})$`)

// Check reports whether the name has the form of a stream.
func (s Stream) Check() error {
	if !streamForm.MatchString(string(s)) || strings.Contains(string(s), "..") {
		return fmt.Errorf("stream %q: want installation or KIND/NAME[/NAME]", s)
	}
	return nil
}

// Kind is the part before the first slash.
func (s Stream) Kind() string {
	kind, _, _ := strings.Cut(string(s), "/")
	return kind
}

// The streams of the model.
const Installation Stream = "installation"

// SolutionStream holds what concerns a solution as a whole.
func SolutionStream(solution string) Stream { return Stream("solution/" + solution) }

// ConcurrencyStream holds who entered and left the concurrency groups of a
// solution.
func ConcurrencyStream(solution string) Stream {
	return Stream("solution/" + solution + "/concurrency")
}

// ReleaseStream holds one release's life.
func ReleaseStream(solution, version string) Stream {
	return Stream("release/" + solution + "/" + version)
}

// RunStream holds one run with all its attempts.
func RunStream(run string) Stream { return Stream("run/" + run) }

// EnvironmentStream holds what was deployed into a place.
func EnvironmentStream(solution, environment string) Stream {
	return Stream("environment/" + solution + "/" + environment)
}

// PersonStream holds a person's life in the installation.
func PersonStream(person string) Stream { return Stream("person/" + person) }

// Actor is who did it. Persons appear by id only.
type Actor struct {
	Kind           string `json:"kind"` // person, machine
	ID             string `json:"id"`
	Role           string `json:"role"`           // in which the actor acted, "" for none
	Authentication string `json:"authentication"` // how the actor was known: password+totp, socket, worker, internal
}

// SaysWhy reports whether a reason says something: one letter or digit at least,
// of any script.
func SaysWhy(reason string) bool {
	return strings.ContainsFunc(reason, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// Person and Machine are the kinds of actor.
const (
	Person  = "person"
	Machine = "machine"
)

// Header is what is hashed. Its canonical JSON is the leaf's data.
type Header struct {
	Schema       string            `json:"schema"`
	Seq          int64             `json:"seq"` // global, gapless, from 1
	ID           string            `json:"id"`  // ULID
	Stream       Stream            `json:"stream"`
	Version      int64             `json:"version"` // within the stream, from 1
	Type         string            `json:"type"`
	TypeVersion  int               `json:"type_version"`
	Time         string            `json:"time"`
	Actor        Actor             `json:"actor"`
	OnBehalf     string            `json:"on_behalf"`
	Reason       string            `json:"reason"`
	AuthorisedBy string            `json:"authorised_by"`
	Cause        string            `json:"cause"`       // id of the event that led to this one
	Correlation  string            `json:"correlation"` // run or release id that binds events together
	Command      string            `json:"command"`     // idempotency key of the batch
	Policy       string            `json:"policy"`      // digest of the effective policy, "" before there is one
	Build        string            `json:"build"`       // version of the program that wrote it
	Parts        map[string]string `json:"parts"`       // name -> commitment, hexadecimal
}

// The names of body parts. Personal and purgeable parts may be deleted.
const (
	Public    = "public"
	Personal  = "personal"
	Purgeable = "purgeable"
)

// Payload is the public part of an event. The structs live in the core package
// of their noun; internal/core/event lists them all.
type Payload interface {
	// EventType is the name and version under which the payload is stored.
	EventType() (name string, version int)
}

// Event is a stored event, decoded.
type Event struct {
	Header
	Data Payload
}

// At is the event's time; the store guarantees its form.
func (e Event) At() time.Time {
	t, _ := time.Parse(TimeLayout, e.Time)
	return t
}

// Draft is an event that a decision wants to append.
type Draft struct {
	Stream    Stream
	Data      Payload
	Personal  any // may be nil; printed names and the like
	Purgeable any
	// Actor overrides the batch's actor when its kind is set.
	Actor        Actor
	OnBehalf     string
	Reason       string // required for people
	AuthorisedBy string
	Cause        string
}

// Read is a stream that a decision was made on, at the version it saw. A
// version of 0 says that the stream must not exist yet.
type Read struct {
	Stream  Stream
	Version int64
}

// Effect is work that follows from a batch: it is inserted in the same
// transaction and done at least once, idempotently by key.
type Effect struct {
	Kind string
	Key  string
	Args []byte // JSON
}

// Batch is what one decision appends: all of it or nothing.
type Batch struct {
	Command     string // unique; a second append with the same command changes nothing
	Actor       Actor
	Correlation string
	Policy      string
	Reads       []Read
	Events      []Draft
	Effects     []Effect
}

// Release splits the name of a release's stream.
func (s Stream) Release() (solution, version string, ok bool) { return s.pair("release") }

// Environment splits the name of an environment's stream.
func (s Stream) Environment() (solution, environment string, ok bool) { return s.pair("environment") }

func (s Stream) pair(kind string) (first, second string, ok bool) {
	parts := strings.Split(string(s), "/")
	if len(parts) != 3 || parts[0] != kind {
		return "", "", false
	}
	return parts[1], parts[2], true
}
