package bundle

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// User is who deploys, as the workspace knows them.
type User struct {
	Name    string // userName: an address, or the application id of a service principal
	Display string
}

// Short is the user's name as it is part of names: ada_lovelace of
// ada.lovelace@example.com.
func (u User) Short() string {
	name := u.Name
	if applicationID.MatchString(name) && u.Display != "" {
		name = u.Display
	}
	name, _, _ = strings.Cut(name, "@")
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

var applicationID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Git is the checkout that the bundle lies in.
type Git struct {
	Branch string // "" for a detached head, as of a tag
	Commit string
	Origin string
	Path   string // of the bundle below the checkout, "." for its root
}

// Options are what a configuration is resolved with.
type Options struct {
	Target    string            // "" for the default
	Variables map[string]string // --var
	Environ   []string          // KEY=VALUE; only BUNDLE_VAR_name is read
	Host      string
	User      User // without a name, references to the user are left
	Git       Git
}

// Resolved is the configuration of one target, as `bundle validate -o json`
// prints it.
type Resolved struct {
	Config *Value
	bundle *Bundle
	wheels []string
}

// resolver makes it.
type resolver struct {
	*findings
	Options
	bundle      *Bundle
	target      string
	config      *Value
	known       map[string]*Value // references that were looked up
	done        map[*Value]bool   // texts that were expanded before the rest
	wheels      []string
	nodes       int
	bytes       int
	spent       bool // a limit is reached
	unknownUser bool
}

// Resolve gives variables their values, replaces references, and applies what
// the target and its mode say. A configuration with an error is nil; findings
// are all that could be found at once.
func (b *Bundle) Resolve(o Options) (*Resolved, []Finding) {
	var found findings
	r := b.resolve(&found, o)
	if Failed(found) {
		r = nil
	}
	return r, found.sorted()
}

// resolve goes on after an error, except without a target.
func (b *Bundle) resolve(found *findings, o Options) *Resolved {
	target, ok := b.choose(found, o.Target)
	if !ok {
		return nil
	}
	s := &resolver{
		findings: found, Options: o, bundle: b, target: target,
		config: b.merged(found, target), known: map[string]*Value{}, done: map[*Value]bool{}, unknownUser: o.User.Name == "",
	}
	s.shape()
	s.facts()
	s.assign()
	s.workspace()
	s.config = s.expand(s.config, nil)
	s.jobs()
	return &Resolved{Config: s.config, bundle: b, wheels: s.wheels}
}

// shape refuses sections that are no mappings, so that the rest can add to them.
func (s *resolver) shape() {
	for _, key := range []string{"artifacts", "bundle", "experimental", "presets", "resources", "run_as", "sync", "variables", "workspace"} {
		v := s.config.Get(key)
		if v.Null() {
			s.config.remove(key)
		} else if v.Kind != Map {
			s.refuse(v.Place, "", "%s is no mapping", key)
			s.config.remove(key)
		}
	}
	for _, kind := range s.config.Get("resources").Keys() {
		of := s.config.At("resources", kind)
		if !of.Null() && of.Kind != Map {
			s.refuse(of.Place, "give each of them a key", "resources.%s is no mapping", kind)
		}
		for _, key := range of.Keys() {
			if strings.ContainsAny(key, "./[]\"") {
				s.refuse(of.keyPlace(key), "use letters, digits, _ and -", "resources.%s.%s: a key names one resource, and nothing below it", kind, key)
			}
			if of.Get(key).Null() || of.Get(key).Kind != Map {
				s.refuse(of.keyPlace(key), "", "resources.%s.%s is no mapping", kind, key)
				of.remove(key)
			}
		}
	}
	for _, section := range []string{"python", "experimental.python", "experimental.pydabs"} {
		head, key, _ := strings.Cut(section, ".")
		if v := s.config.At(head, key); key != "" && !v.Null() || key == "" && !s.config.Get(head).Null() {
			s.add(RuleBuild, Error, s.config.keyPlace(head), "write the resources as YAML", "%s changes the configuration by running code, which is not read", section)
		}
	}
}

// facts are what the configuration can refer to and nobody writes.
func (s *resolver) facts() {
	git := s.config.child("bundle").child("git")
	if s.Git.Branch != "" {
		git.setText("actual_branch", s.Git.Branch)
	}
	for _, f := range []struct{ key, value string }{
		{"branch", s.Git.Branch}, {"commit", s.Git.Commit}, {"origin_url", s.Git.Origin}, {"bundle_root_path", s.Git.Path},
	} {
		git.fill(f.key, text(git.Place, f.value))
	}
	workspace := s.config.child("workspace")
	if s.Host != "" {
		workspace.fill("host", text(workspace.Place, s.Host))
	}
	if !s.unknownUser {
		user := workspace.child("current_user")
		user.setText("userName", s.User.Name)
		user.setText("short_name", s.User.Short())
	}
}

// workspace makes the paths absolute below /Workspace.
func (s *resolver) workspace() {
	w := s.config.child("workspace")
	w.fill("root_path", text(w.Place, "~/.bundle/${bundle.name}/${bundle.target}"))
	for _, p := range []struct{ key, of string }{
		{"root_path", ""}, {"artifact_path", "artifacts"}, {"file_path", "files"}, {"resource_path", "resources"}, {"state_path", "state"},
	} {
		if p.of != "" {
			w.fill(p.key, text(w.Place, "${workspace.root_path}/"+p.of))
		}
		v := s.expand(w.Get(p.key).clone(), []string{"workspace." + p.key})
		if v.Kind != Text {
			s.refuse(v.Place, "write a path below /Workspace", "workspace.%s is no text", p.key)
			v = text(v.Place, "/Workspace")
		}
		v.Text = s.absolute(v.Text)
		outside := !strings.HasPrefix(v.Text, "/Workspace/") && !strings.HasPrefix(v.Text, "/Volumes/") && !strings.HasPrefix(v.Text, "${")
		if outside && (p.of == "" || !strings.HasPrefix(v.Text, w.Get("root_path").String()+"/")) { // said once
			s.refuse(v.Place, "write a path below /Workspace", "workspace.%s %q is no path of a workspace", p.key, v.Text)
		}
		w.set(p.key, v)
		s.known["workspace."+p.key], s.done[v] = v, true
	}
}

func (s *resolver) absolute(p string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok {
		home := "${workspace.current_user.userName}"
		if !s.unknownUser {
			home = s.User.Name
		}
		p = "/Workspace/Users/" + home + "/" + rest
	}
	for _, root := range []string{"/Users/", "/Shared/", "/Repos/"} {
		if strings.HasPrefix(p, root) {
			p = "/Workspace" + p
		}
	}
	if strings.HasPrefix(p, "/") {
		p = path.Clean(p)
	}
	return p
}

func nth(v *Value, index string) *Value {
	n, err := strconv.Atoi(index)
	if err != nil || n < 0 || n >= len(v.Items()) {
		return nil
	}
	return v.Items()[n]
}

// JSON is the whole configuration, as printed by validate.
func (r *Resolved) JSON() []byte { return r.Config.JSON() }

func (r *Resolved) text(keys ...string) string { return r.Config.At(keys...).String() }

// Name is the bundle's.
func (r *Resolved) Name() string { return r.text("bundle", "name") }

// Target is the name of the target.
func (r *Resolved) Target() string { return r.text("bundle", "target") }

// Mode is development, production or "".
func (r *Resolved) Mode() string { return r.text("bundle", "mode") }

// RootPath is the folder of the workspace that everything is deployed below.
func (r *Resolved) RootPath() string { return r.text("workspace", "root_path") }

// FilePath is where the files are.
func (r *Resolved) FilePath() string { return r.text("workspace", "file_path") }

// StatePath is where the state of the deployment is.
func (r *Resolved) StatePath() string { return r.text("workspace", "state_path") }

// ArtifactPath is where wheels are, below .internal.
func (r *Resolved) ArtifactPath() string { return r.text("workspace", "artifact_path") }

// Jobs are the jobs by their keys, each with the settings it is deployed with.
func (r *Resolved) Jobs() map[string]*Value {
	out := map[string]*Value{}
	jobs := r.Config.At("resources", "jobs")
	for _, key := range jobs.Keys() {
		out[key] = jobs.Get(key)
	}
	return out
}
