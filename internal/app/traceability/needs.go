package traceability

import (
	"encoding/json"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// need is an item in the exchange format of sphinx-needs (needs.json): links are
// lists of ids, the content is text.
type need struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Title      string   `json:"title"`
	Content    string   `json:"content"`
	Status     string   `json:"status"`
	Tags       []string `json:"tags"`
	Links      []string `json:"links"`
	LinksBack  []string `json:"links_back"`
	Docname    string   `json:"docname"`
	Risk       string   `json:"risk,omitempty"`
	TraceState string   `json:"trace_state,omitempty"`
}

type needsVersion struct {
	Needs  map[string]need `json:"needs"`
	Amount int             `json:"needs_amount"`
}

// Needs is the items as a needs.json of sphinx-needs, under one version.
func Needs(r Report) ([]byte, error) {
	version := r.Version
	if version == "" {
		version = "unreleased"
	}
	all := needsVersion{Needs: map[string]need{}, Amount: len(r.Items)}
	for _, i := range r.Items {
		all.Needs[i.ID] = needOf(i)
	}
	out, err := json.MarshalIndent(map[string]any{
		"project": r.Solution, "current_version": version, "versions": map[string]needsVersion{version: all},
	}, "", "  ")
	return append(out, '\n'), err
}

func needOf(i document.Item) need {
	status, file := "open", i.Source
	if i.Change == document.Retired {
		status = "retired"
	}
	if at := strings.LastIndexByte(file, ':'); at >= 0 {
		file = file[:at]
	}
	return need{
		ID: i.ID, Type: strings.ToLower(i.Kind), Title: i.Title, Content: i.Text, Status: status, Tags: []string{},
		Links: list(i.Above), LinksBack: list(i.Below), Docname: file, Risk: i.Risk, TraceState: i.State,
	}
}

func list(ids []string) []string { return append([]string{}, ids...) }
