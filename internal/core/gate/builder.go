package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/dsse"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// buildPredicate begins the types of predicates that state a build (slsa.dev,
// provenance of every version).
const buildPredicate = "https://slsa.dev/provenance/"

// signedBy is the first trusted builder whose key signed an envelope. Without one
// it says what is wrong instead.
func signedBy(builders []policy.Builder, e dsse.Envelope) (name, wrong string) {
	var names []string
	for _, b := range builders {
		names = append(names, b.Name)
		key, err := dsse.ParseKey(b.Key)
		if err != nil {
			continue // no baseline with such a key is accepted
		}
		if e.By(key) {
			return b.Name, ""
		}
		meant := func(s dsse.Signature) bool { return s.KeyID == b.Name || s.KeyID == key.ID() }
		if slices.ContainsFunc(e.Signatures, meant) {
			wrong = "has a signature that is not by the key of " + b.Name + ", which it names"
		}
	}
	if wrong == "" {
		wrong = "is signed by an unknown key, by none of " + strings.Join(names, ", ")
	}
	return "", wrong
}

// stated says which builder a report is of, and otherwise why it is no statement
// of a build by a trusted one.
func (f Facts) stated(r Report) (builder, wrong string) {
	builder, wrong = signedBy(f.Scans.Builders, r.Content.Envelope)
	if wrong == "" && !strings.HasPrefix(r.Content.Tool, buildPredicate) {
		wrong = fmt.Sprintf("is signed by %s and states no build but %s", builder, brief(r.Content.Tool))
	}
	return builder, wrong
}

// builtByTrusted wants statements of trusted builders about all of the artifact in
// the place: about its tree, or about each of its files or each of its parts.
func (f Facts) builtByTrusted(d Definition) []string {
	reports, missing := f.about(d, component.Provenance)
	var subjects, names []string
	for _, r := range reports {
		builder, wrong := f.stated(r)
		if wrong != "" {
			missing = append(missing, fmt.Sprintf("provenance: %s %s", r.Name, wrong))
			continue
		}
		subjects = append(subjects, r.Content.Subjects...)
		names = append(names, fmt.Sprintf("%s, signed by %s,", r.Name, builder))
	}
	if len(names) == 0 {
		return missing
	}
	left := f.unstated(subjects)
	if len(left) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("provenance: %s says nothing of %s of the artifact in %s", brief(strings.Join(names, " ")), brief(strings.Join(few(left), ", ")), d.After)}
}

// unstated are the files of the artifact that are in none of the subjects.
func (f Facts) unstated(subjects []string) []string {
	if slices.Contains(subjects, f.Kept) {
		return nil
	}
	var out []string
	for _, file := range f.Files {
		part, _, _ := strings.Cut(file.Path, "/")
		whole := slices.ContainsFunc(f.Parts, func(p deployment.Part) bool { return p.Name == part && slices.Contains(subjects, p.Tree) })
		if !whole && !slices.Contains(subjects, file.SHA256) {
			out = append(out, file.Path)
		}
	}
	if len(f.Files) == 0 {
		return []string{"any file"}
	}
	return out
}

// few are the first of a list, and how many more there are.
func few(list []string) []string {
	const most = 3
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("%d more files", len(list)-most))
}

// lostBuilders names whose word counts no more, and whose counts beside those that
// were trusted alone.
func lostBuilders(from, to []policy.Builder) []string {
	at := func(list []policy.Builder, name string) int {
		return slices.IndexFunc(list, func(b policy.Builder) bool { return b.Name == name })
	}
	var out []string
	for _, b := range from {
		switch i := at(to, b.Name); {
		case i < 0:
			out = append(out, "trusted builder "+b.Name)
		case to[i].Key != b.Key:
			out = append(out, "key of the trusted builder "+b.Name+": another one takes its place")
		}
	}
	for _, b := range to {
		if len(from) > 0 && at(from, b.Name) < 0 {
			out = append(out, "builds by the trusted builders alone: "+b.Name+" is trusted too")
		}
	}
	if len(from) > 0 && len(to) == 0 {
		out = append(out, "statements of builds by trusted builders: the installation's own will do")
	}
	return out
}
