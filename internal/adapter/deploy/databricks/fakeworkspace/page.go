package fakeworkspace

import (
	"bytes"
	_ "embed" // for the page
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

var (
	//go:embed page.html
	pageText string
	//go:embed style.css
	styleText []byte
)

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"moment": moment, "short": short, "outcome": outcome,
}).Parse(pageText))

// How much of each list a page shows.
const (
	shownJobs     = 50
	shownFiles    = 200
	shownRuns     = 10
	shownRequests = 20
)

// pages adds the page and its style to a mux.
func pages(mux *http.ServeMux, snapshots func() []Snapshot) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		var all []place
		for _, s := range snapshots() {
			all = append(all, show(s))
		}
		var b bytes.Buffer
		if err := pageTemplate.Execute(&b, all); err != nil {
			http.Error(w, "the page cannot be written: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(b.Bytes()) // a browser that is gone gets nothing
	})
	mux.HandleFunc("GET /_sandbox/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(styleText)
	})
}

// place is one workspace as the page shows it.
type place struct {
	Name, Host string
	Jobs       []shownJob
	HiddenJobs int
	Files      []File
	FileCount  int
	Hidden     int // files that are not shown
	Runs       []Run
	Requests   []Request
}

type shownJob struct {
	Job
	Starts string // by what it starts by itself, "" for nothing
	Paused bool
	RunAs  string
	Tags   []string
	Tasks  []string
	Access []string
	Again  bool // another job has the same name
}

func show(s Snapshot) place {
	p := place{Name: s.Name, Host: s.Host, Files: s.Files[:min(shownFiles, len(s.Files))], FileCount: len(s.Files)}
	p.Hidden = p.FileCount - len(p.Files)
	names := map[string]int{}
	for _, j := range s.Jobs {
		names[j.Name]++
	}
	p.HiddenJobs = len(s.Jobs) - min(shownJobs, len(s.Jobs))
	for _, j := range s.Jobs[:min(shownJobs, len(s.Jobs))] {
		shown := showJob(j)
		shown.Again = names[j.Name] > 1
		p.Jobs = append(p.Jobs, shown)
	}
	p.Runs = newest(s.Runs, shownRuns)
	p.Requests = newest(s.Requests, shownRequests)
	return p
}

// newest are the last elements, newest first.
func newest[T any](all []T, n int) []T {
	out := slices.Clone(all[max(0, len(all)-n):])
	slices.Reverse(out)
	return out
}

func showJob(j Job) shownJob {
	out := shownJob{Job: j}
	var s settings
	if err := json.Unmarshal(j.Settings, &s); err != nil {
		return out
	}
	out.Starts, out.Paused = starts(s)
	var as struct {
		User    string `json:"user_name"`
		Service string `json:"service_principal_name"`
		Group   string `json:"group_name"`
	}
	read(s["run_as"], &as)
	if out.RunAs = as.User + as.Service + as.Group; out.RunAs == "" {
		out.RunAs = j.Creator
	}
	var tags map[string]string
	read(s["tags"], &tags)
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, k+": "+tags[k])
	}
	var tasks []task
	read(s["tasks"], &tasks)
	for _, t := range tasks {
		out.Tasks = append(out.Tasks, t.Key)
	}
	for _, a := range j.Permissions {
		for _, r := range a.All {
			text := fmt.Sprintf("%s %s", a.Display, r.Level)
			if r.Inherited {
				text += " (inherited)"
			}
			out.Access = append(out.Access, text)
		}
	}
	return out
}

// starts says by what a job starts by itself, and whether that is paused.
func starts(s settings) (by string, paused bool) {
	for _, on := range []string{"schedule", "trigger", "continuous"} {
		var is map[string]json.RawMessage
		if read(s[on], &is); is == nil {
			continue
		}
		of := settings(is)
		paused = of.text("pause_status") == "PAUSED"
		delete(is, "pause_status")
		switch on {
		case "schedule":
			return strings.TrimSpace(of.text("quartz_cron_expression") + " " + of.text("timezone_id")), paused
		case "trigger":
			return strings.Join(slices.Sorted(maps.Keys(is)), " "), paused
		}
		return on, paused
	}
	return "", false
}

// read takes a value of the settings if it has the shape; what has another one is
// not shown.
func read(raw json.RawMessage, into any) {
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, into)
	}
}

func moment(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// short is the beginning of a digest.
func short(digest string) string { return digest[:min(12, len(digest))] }

// outcome is how a run or a request ended, as a class of the style.
func outcome(v any) string {
	good, bad := false, false
	switch v := v.(type) {
	case string:
		good, bad = v == Success, v != Success && v != ""
	case int:
		good, bad = v < 400, v >= 400
	}
	switch {
	case good:
		return "good"
	case bad:
		return "bad"
	}
	return "warn"
}
