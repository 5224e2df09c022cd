package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// maxWaiting is how many may wait for a group with queue: max.
const maxWaiting = 100

// Groups is who holds and who waits for the concurrency groups of a solution, by
// name without case.
type Groups struct {
	Version int64 // of the stream
	groups  map[string]slot
}

type slot struct {
	holder  string
	waiting []string
	cancel  bool // the holder is to be cancelled
}

// ApplyGroup copies the facts of an event of the solution's concurrency stream.
func ApplyGroup(g Groups, e ledger.Event) Groups {
	g.Version = e.Version
	switch d := e.Data.(type) {
	case *GroupJoined:
		return g.with(d.Group, func(s *slot) {
			s.waiting = append(s.without(d.Superseded...), d.Holder)
			s.cancel = s.cancel || d.Cancel
		})
	case *GroupEntered:
		return g.with(d.Group, func(s *slot) { s.holder, s.waiting, s.cancel = d.Holder, s.without(d.Holder), false })
	case *GroupLeft:
		return g.with(d.Group, func(s *slot) {
			s.waiting = s.without(d.Holder)
			if s.holder == d.Holder {
				s.holder, s.cancel = "", false
			}
		})
	}
	return g
}

// Empty reports whether nobody holds a group or waits for one.
func (g Groups) Empty() bool { return len(g.groups) == 0 }

func (g Groups) with(name string, change func(*slot)) Groups {
	s := g.groups[name]
	change(&s)
	g.groups = maps.Clone(g.groups)
	if g.groups == nil {
		g.groups = map[string]slot{}
	}
	if g.groups[name] = s; s.holder == "" && len(s.waiting) == 0 {
		delete(g.groups, name)
	}
	return g
}

// after is the groups as they are when the commands are carried out.
func (g Groups) after(commands []Command) Groups {
	for _, c := range commands {
		switch c.(type) {
		case JoinGroup, EnterGroup, LeaveGroup:
			if fact, err := Fact(RunStarted{}, c); err == nil {
				g = ApplyGroup(g, ledger.Event{Header: ledger.Header{Version: g.Version}, Data: fact})
			}
		}
	}
	return g
}

func (s slot) without(holders ...string) []string {
	return slices.DeleteFunc(slices.Clone(s.waiting), func(h string) bool { return slices.Contains(holders, h) })
}

// holder names a run, or a job of a run, in a group.
func holder(run, job string) string {
	if job == "" {
		return run
	}
	return run + ":" + job
}

// HasConcurrency reports whether the run asks for a concurrency group.
func (p Plan) HasConcurrency() bool {
	asks := func(j Job) bool { return j.Body.Concurrency.Group.Source != "" || j.Within.Group.Source != "" }
	return p.Concurrency.Group.Source != "" || slices.ContainsFunc(p.Jobs, asks) || slices.ContainsFunc(p.Templates, asks)
}

// wanted is an evaluated concurrency.
type wanted struct {
	group  string
	cancel bool
	queue  string
	made   []Decision
}

// wants evaluates a concurrency.
func wants(c workflow.Concurrency, env workflow.Env) (w wanted, err error) {
	v, err := c.Group.Evaluate(env)
	if err != nil {
		return w, err
	}
	w = wanted{group: strings.ToLower(strings.TrimSpace(v.Text())), queue: c.Queue}
	if w.group == "" {
		return w, fmt.Errorf("%s: concurrency group is empty", c.Group.At)
	}
	w.made = decided(nil, "concurrency.group", c.Group, v, env)
	if c.CancelInProgress.Source != "" {
		if v, err = c.CancelInProgress.Evaluate(env); err != nil {
			return w, err
		}
		w.cancel = v.Text() == "true"
		w.made = decided(w.made, "concurrency.cancel-in-progress", c.CancelInProgress, v, env)
	}
	return w, nil
}

// seek says what has to happen for a holder to get a group: commands, nothing
// while it waits, or entered. superseded says that it waited and a newer one took
// its place.
func (g Groups) seek(w wanted, who string, held bool) (commands []Command, entered, superseded bool) {
	s := g.groups[w.group]
	switch {
	case s.holder == who:
		return nil, true, false
	case s.holder == "" && (len(s.waiting) == 0 || s.waiting[0] == who):
		return []Command{EnterGroup{Group: w.group, Holder: who}}, false, false
	case slices.Contains(s.waiting, who):
		return nil, false, false
	case held:
		return nil, false, true
	}
	join := JoinGroup{Group: w.group, Holder: who, Cancel: w.cancel && s.holder != ""}
	if w.queue != "max" {
		join.Superseded = slices.Clone(s.waiting)
	} else if len(s.waiting) >= maxWaiting {
		return nil, false, true
	}
	return []Command{join}, false, false
}

// of are the groups that a run, or a job of it, holds or waits for, sorted.
func (g Groups) of(who string) []string {
	var list []string
	for name, s := range g.groups {
		if s.holder == who || slices.Contains(s.waiting, who) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// cancelled reports whether a holder is to make room for a newer one, and in
// which group.
func (g Groups) cancelled(who string) (group string, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(g.groups)) {
		if s := g.groups[name]; s.cancel && s.holder == who {
			return name, true
		}
	}
	return "", false
}

// enterRun lets a run begin that its workflow's concurrency lets.
func (s State) enterRun(o Outside) (entered bool, commands []Command) {
	if s.Plan.Concurrency.Group.Source == "" {
		return true, nil
	}
	w, err := wants(s.Plan.Concurrency, s.env(Job{}, o))
	switch {
	case err != nil && !s.Cancelled:
		return true, []Command{CancelJob{Reason: err.Error()}}
	case err != nil:
		return true, nil
	}
	who := holder(s.Run.Run, "")
	if group, cancel := o.Groups.cancelled(who); cancel && !s.Cancelled && !s.deploying() {
		return true, []Command{CancelJob{Reason: fmt.Sprintf("a newer run asks for the concurrency group %s", group)}}
	}
	if s.Cancelled {
		return true, nil
	}
	commands, entered, superseded := o.Groups.seek(w, who, slices.Contains(s.Held, w.group))
	if superseded {
		return true, []Command{CancelJob{Reason: fmt.Sprintf("a newer run waits for the concurrency group %s", w.group)}}
	}
	if !entered && !slices.Contains(s.Held, w.group) {
		commands = append(commands, Hold{Group: w.group})
	}
	return entered, commands
}

// deploying reports whether a job runs in a place now.
func (s State) deploying() bool {
	return slices.ContainsFunc(s.Plan.Jobs, func(j Job) bool { return j.Kind == Place && s.Jobs[j.Key].Status == Running })
}

// enterGroups lets a job begin that its concurrency lets; a call also asks for
// the group of the workflow that it calls.
func (s State) enterGroups(j Job, name string, o Outside) (entered bool, commands []Command) {
	who, st := holder(s.Run.Run, j.Key), s.Jobs[j.Key]
	for _, c := range []struct {
		of  workflow.Concurrency
		env func(Job, Outside) workflow.Env
	}{{j.Body.Concurrency, s.env}, {j.Within, s.calleeEnv}} {
		if c.of.Group.Source == "" {
			continue
		}
		w, err := wants(c.of, c.env(j, o))
		if err != nil {
			return false, s.failed(j, name, err)
		}
		if above := s.holds(j, w.group, o); above != "" {
			return false, []Command{Conclude{Job: j.Key, Name: name, Conclusion: Cancelled, Reason: fmt.Sprintf("deadlock: %s holds the concurrency group %s", above, w.group)}}
		}
		held := slices.Contains(st.Held, w.group)
		commands, entered, superseded := o.Groups.seek(w, who, held)
		switch {
		case superseded:
			return false, []Command{Conclude{Job: j.Key, Name: name, Conclusion: Cancelled, Reason: fmt.Sprintf("a newer job waits for the concurrency group %s", w.group)}}
		case entered:
			continue
		case !held:
			if len(w.made) > 0 {
				commands = append(commands, Decide{Job: j.Key, Decisions: w.made})
			}
			commands = append(commands, Hold{Job: j.Key, Name: name, Group: w.group})
		}
		return false, commands
	}
	return true, nil
}

// calleeEnv is what a called workflow's own concurrency is evaluated in.
func (s State) calleeEnv(j Job, o Outside) workflow.Env {
	env := s.env(j, o)
	if inputs, err := s.inputs(j, o); err == nil && j.IsCall() {
		s = s.with(j.Key, func(st *JobState) { st.Inputs = inputs })
		env.Contexts = maps.Clone(env.Contexts)
		env.Contexts["inputs"] = s.scopeInputs(j.Key)
	}
	return env
}

// holds names what around a job holds a group already: it would wait for itself.
func (s State) holds(j Job, group string, o Outside) string {
	in := o.Groups.groups[group].holder
	if in == holder(s.Run.Run, "") {
		return "the run"
	}
	for above := j.Scope; above != ""; {
		if in == holder(s.Run.Run, above) {
			return above
		}
		outer, _ := s.Plan.Job(above)
		above = outer.Scope
	}
	return ""
}

// superseded asks a job to stop that is to make room in its group. One that runs
// in a place is left to end.
func (s State) superseded(j Job, st JobState, o Outside) []Command {
	if o.Groups.Empty() || st.Status == Done || st.Status == Pending || st.Cancel != "" || j.Kind == Place && st.Status == Running {
		return nil
	}
	group, cancel := o.Groups.cancelled(holder(s.Run.Run, j.Key))
	if !cancel {
		return nil
	}
	return []Command{CancelJob{Job: j.Key, Reason: fmt.Sprintf("a newer job asks for the concurrency group %s", group)}}
}

// leave gives back the groups of jobs that are done.
func (s State) leave(o Outside) []Command {
	if o.Groups.Empty() {
		return nil
	}
	var out []Command
	for _, j := range s.Plan.Jobs {
		if s.Jobs[j.Key].Status == Done {
			who := holder(s.Run.Run, j.Key)
			for _, group := range o.Groups.of(who) {
				out = append(out, LeaveGroup{Group: group, Holder: who})
			}
		}
	}
	return out
}

// leaveAll gives back the group of a run that ends.
func (s State) leaveAll(o Outside) []Command {
	var out []Command
	who := holder(s.Run.Run, "")
	for _, group := range o.Groups.of(who) {
		out = append(out, LeaveGroup{Group: group, Holder: who})
	}
	return out
}
