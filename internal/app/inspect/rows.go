// Package inspect answers what is and what was: lists and single things, for
// people and for other programs. It changes nothing.
package inspect

import "time"

// Run is a row of the list of runs.
type Run struct {
	Run        string    `json:"run"`
	Solution   string    `json:"solution"`
	Number     int64     `json:"number"`
	Event      string    `json:"event"`
	Ref        string    `json:"ref"`
	SHA        string    `json:"sha"`
	Version    string    `json:"version,omitempty"`
	Conclusion string    `json:"conclusion"` // "" while it runs
	Started    time.Time `json:"started"`
	Ended      time.Time `json:"ended,omitzero"`
}

// RunsQuery asks for runs, the oldest first.
type RunsQuery struct {
	Solution string `json:"solution"` // "" for all
	Before   string `json:"before"`   // id of a run that all are older than, "" for no bound
	Last     int    `json:"last"`     // how many of them, the newest; 0 for all
	Open     bool   `json:"open"`     // only those that have not ended
}

// Release is a row of the list of releases.
type Release struct {
	Solution string `json:"solution"`
	Version  string `json:"version"`
	State    string `json:"state"`
	Run      string `json:"run"`
	SHA      string `json:"sha"`
}

// Environment is what runs in a place.
type Environment struct {
	Solution    string    `json:"solution"`
	Environment string    `json:"environment"`
	Version     string    `json:"version"`
	SHA         string    `json:"sha"`
	Tree        string    `json:"tree"`
	Run         string    `json:"run"`
	Since       time.Time `json:"since"`
	// Unfinished is a later deployment that did not end, "" for none: the place may
	// be mixed.
	Unfinished string `json:"unfinished,omitempty"`
}
