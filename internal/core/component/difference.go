package component

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Changes says in at most three lines what is other in a list of components than
// in an earlier one: what came, what went, and what has other versions. Files are
// left out: they are other in every build.
func Changes(before, after []Component) []string {
	old, now := versions(before), versions(after)
	var added, removed, changed []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		switch was, ok := old[name]; {
		case !ok:
			added = append(added, strings.TrimSpace(name+" "+now[name]))
		case was != now[name]:
			changed = append(changed, fmt.Sprintf("%s %s -> %s", name, was, now[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[name]; !ok {
			removed = append(removed, strings.TrimSpace(name+" "+old[name]))
		}
	}
	var out []string
	for _, c := range []struct {
		what string
		list []string
	}{{"added", added}, {"removed", removed}, {"changed", changed}} {
		if len(c.list) > 0 {
			out = append(out, fmt.Sprintf("%d %s: %s", len(c.list), c.what, few(c.list)))
		}
	}
	return out
}

// few bounds a line that people read; the lists have all.
func few(list []string) string {
	const most = 20
	for i := range list {
		list[i] = clip(list[i], maxText)
	}
	if len(list) > most {
		list = append(list[:most:most], fmt.Sprintf("%d more", len(list)-most))
	}
	return strings.Join(list, ", ")
}

// versions are those of each component by its name: its purl without version, else
// what it is called.
func versions(list []Component) map[string]string {
	all := map[string][]string{}
	for _, c := range list {
		if c.Type == "file" {
			continue
		}
		name := c.Name
		if c.PURL != "" {
			name = unversioned(c.PURL)
		}
		if !slices.Contains(all[name], c.Version) {
			all[name] = append(all[name], c.Version)
		}
	}
	out := map[string]string{}
	for name, v := range all {
		slices.Sort(v)
		out[name] = strings.Join(v, ", ")
	}
	return out
}
