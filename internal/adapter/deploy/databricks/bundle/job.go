package bundle

import (
	"iter"
	"maps"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

func keysOf[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// shapes are what members of a job are, where they are there.
var shapes = map[string]Kind{
	"tasks": List, "job_clusters": List, "environments": List, "parameters": List, "permissions": List,
	"schedule": Map, "trigger": Map, "continuous": Map, "queue": Map, "tags": Map, "run_as": Map, "deployment": Map,
	"email_notifications": Map, "webhook_notifications": Map, "health": Map, "git_source": Map,
}

// jobs gives every job what the target, its mode and the deployment say.
func (s *resolver) jobs() {
	s.presets()
	jobs := s.config.At("resources", "jobs")
	for _, key := range jobs.Keys() {
		job := jobs.Get(key)
		if job.Kind != Map {
			continue
		}
		if job.Get("name").String() == "" {
			s.refuse(jobs.keyPlace(key), "write name: NAME", "job %s has no name", key)
		}
		for _, p := range job.pairs {
			if want, known := shapes[p.key]; known && !p.value.Null() && p.value.Kind != want {
				s.refuse(p.value.place(), "", "job %s: %s is no %s", key, p.key, map[Kind]string{List: "list", Map: "mapping"}[want])
			}
		}
		s.preset(job)
		s.principal(job)
		if job.Get("git_source").Null() { // else paths are those of that repository
			s.relative(job, job.Place.File)
		}
		for _, on := range []string{"schedule", "trigger", "continuous"} {
			if at := job.Get(on); at != nil && at.Kind == Map {
				at.fill("pause_status", text(at.Place, "UNPAUSED"))
			}
		}
		deployment := job.child("deployment")
		deployment.setText("kind", "BUNDLE")
		deployment.setText("metadata_file_path", s.config.At("workspace", "state_path").String()+"/metadata.json")
		job.setText("edit_mode", "UI_LOCKED")
		job.setText("format", "MULTI_TASK")
		job.fill("max_concurrent_runs", &Value{Kind: Number, Text: "1", Place: job.Place})
		if job.Get("queue").Null() {
			job.child("queue").set("enabled", &Value{Kind: Bool, Text: "true", Place: job.Place})
		}
		job.fill("tasks", &Value{Kind: List, Place: job.Place})
	}
}

// presets are those of the mode, where the target has none of its own.
func (s *resolver) presets() {
	if s.config.At("bundle", "mode").String() != "development" {
		return
	}
	short := "${workspace.current_user.short_name}"
	if !s.unknownUser {
		short = s.User.Short()
	}
	p := s.config.child("presets")
	p.fill("name_prefix", text(p.Place, "[dev "+short+"] "))
	p.fill("trigger_pause_status", text(p.Place, "PAUSED"))
	p.fill("jobs_max_concurrent_runs", &Value{Kind: Number, Text: "4", Place: p.Place})
	p.child("tags").fill("dev", text(p.Place, short))
	if root := s.config.At("workspace", "root_path"); !s.unknownUser && !strings.Contains(root.String(), s.User.Name) && !strings.Contains(root.String(), short) {
		s.refuse(root.Place, "begin root_path with ~/", "root_path of mode development does not hold the name of the user: deployments of two people would meet")
	}
}

func (s *resolver) preset(job *Value) {
	p := s.config.Get("presets")
	if prefix := p.Get("name_prefix").String(); prefix != "" && job.Get("name") != nil {
		job.set("name", text(job.Get("name").Place, prefix+job.Get("name").String()))
	}
	if tags := p.Get("tags"); tags != nil && len(tags.pairs) > 0 {
		own := job.child("tags")
		for _, t := range tags.pairs {
			own.fill(t.key, t.value.clone())
		}
	}
	if status := p.Get("trigger_pause_status").String(); status != "" {
		for _, on := range []string{"schedule", "trigger", "continuous"} {
			if at := job.Get(on); at != nil && at.Kind == Map {
				at.fill("pause_status", text(at.Place, status))
			}
		}
	}
	if n := p.Get("jobs_max_concurrent_runs"); !n.Null() {
		job.fill("max_concurrent_runs", n.clone())
	}
}

// levels are those of a job for the levels of a bundle.
var levels = map[string]string{"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_MANAGE_RUN"}

// principal gives the job the run_as and the permissions of the bundle.
func (s *resolver) principal(job *Value) {
	if as := s.config.Get("run_as"); as != nil && len(as.pairs) > 0 {
		job.fill("run_as", as.clone())
	}
	for _, p := range s.config.Get("permissions").Items() {
		level, ok := levels[p.Get("level").String()]
		if !ok {
			s.refuse(p.Place, "write CAN_MANAGE, CAN_VIEW or CAN_RUN", "level %q is none of a bundle", p.Get("level").String())
			continue
		}
		own := job.Get("permissions")
		if own.Null() || own.Kind != List {
			own = &Value{Kind: List, Place: p.Place}
			job.set("permissions", own)
		}
		c := p.clone()
		c.setText("level", level)
		own.items = append(own.items, c)
	}
}

// workspaceFiles are the keys that name a file of the bundle.
var workspaceFiles = []string{"notebook_path", "python_file", "project_directory"}

// relative replaces paths of files by where they are deployed. file is where
// the job was written: its paths begin there.
func (s *resolver) relative(v *Value, file string) {
	for _, item := range v.items {
		s.relative(item, file)
	}
	for i := range v.pairs {
		p := &v.pairs[i]
		for _, key := range workspaceFiles {
			if p.key == key && p.value.String() != "" {
				p.value = s.deployed(p.value, file, key == "notebook_path")
			}
		}
		if at := p.value.Get("path"); p.key == "file" && at.String() != "" {
			p.value.set("path", s.deployed(at, file, false))
		}
		if p.key == "whl" && p.value.String() != "" {
			p.value = s.wheel(p.value, file)
		}
		if p.key == "dependencies" {
			for n, d := range p.value.Items() {
				if strings.HasSuffix(d.Text, ".whl") && strings.HasPrefix(d.Text, ".") {
					p.value.items[n] = s.wheel(d, file)
				}
			}
		}
		s.relative(p.value, file)
	}
}

// local is a path below the root of the bundle, or "" for one elsewhere.
func (s *resolver) local(v *Value, file string) string {
	if v.Place.File != "" {
		file = v.Place.File
	}
	if strings.HasPrefix(v.Text, "/") || strings.Contains(v.Text, "://") || strings.HasPrefix(v.Text, "${") {
		return ""
	}
	clean := path.Join(path.Dir(file), v.Text)
	if clean == ".." || strings.HasPrefix(clean, "../") {
		s.refuse(v.Place, "name a file of the bundle", "%q is outside of the bundle", v.Text)
		return ""
	}
	return clean
}

func (s *resolver) deployed(v *Value, file string, notebook bool) *Value {
	clean := s.local(v, file)
	if clean == "" {
		return v
	}
	if notebook {
		clean = strings.TrimSuffix(clean, path.Ext(clean))
	}
	return text(v.Place, s.config.At("workspace", "file_path").String()+"/"+clean)
}

// wheel is where a wheel of the bundle is deployed, when it is built already.
func (s *resolver) wheel(v *Value, file string) *Value {
	clean := s.local(v, file)
	if clean == "" {
		return v
	}
	names, err := doublestar.Glob(s.bundle.fsys, clean, doublestar.WithFilesOnly(), doublestar.WithNoFollow())
	if err != nil || len(names) != 1 {
		s.add(RuleFiles, Warning, v.Place, "keep one wheel that is built before", "%q matches %d files, want one", v.Text, len(names))
		return text(v.Place, "./"+clean)
	}
	s.wheels = append(s.wheels, names[0])
	return text(v.Place, s.config.At("workspace", "artifact_path").String()+"/.internal/"+path.Base(names[0]))
}
