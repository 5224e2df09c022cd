package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// life is one run with its release as the orchestrator, workers and people move
// it: every change is an event that is applied to the run or to the release,
// every decision comes from pipeline.Next and the rules of package gate.
type life struct {
	t       *rapid.T
	profile policy.Profile
	run     pipeline.State
	events  []ledger.Event // of the run
	release gate.Standing
	tagged  bool
	persons map[string]policy.Subject
	seq     int64
	ids     int
	dice    *rand.Rand
	forUse  bool
}

// persons are everybody; bob is the author and holds every role.
func everybody() map[string]policy.Subject {
	out := map[string]policy.Subject{}
	for id, roles := range map[string][]policy.Role{
		"bob":  {policy.SME, policy.QC, policy.ReleaseManager, policy.DataProductOwner},
		"cleo": {policy.SME}, "sven": {policy.SME, policy.QC}, "quinn": {policy.QC}, "rune": {policy.ReleaseManager}, "dora": {policy.DataProductOwner, policy.ReleaseManager},
	} {
		p := policy.Subject{ID: id, Login: id, Enrolled: true}
		for _, r := range roles {
			p.Grants = append(p.Grants, policy.Grant{Role: r, Solution: "corp-procurement"})
		}
		out[id] = p
	}
	return out
}

var people = []string{"bob", "cleo", "sven", "quinn", "rune", "dora"}

// plan is the road of the guide with what a careless or hostile author makes of
// it: gate jobs deleted, needs removed, conditions that ignore failures.
func plan(dice *rand.Rand) pipeline.Plan {
	p := pipeline.Plan{Schema: "dc-release/plan/v1", Engine: pipeline.Engine, Trigger: pipeline.Trigger{Name: "push", Ref: "refs/tags/v1.0.0"}}
	road := []struct {
		key, environment string
		kind             pipeline.EnvironmentKind
	}{
		{"code_quality", "", pipeline.NoEnvironment},
		{"tst", "tst", pipeline.Place},
		{"pre_val", gate.PreVal, pipeline.Gate},
		{"val", "val", pipeline.Place},
		{"pre_prd", gate.ApproveToPrd, pipeline.Gate},
		{"prd", "prd", pipeline.Place},
		{"for_use", gate.ApproveForUse, pipeline.Gate},
	}
	var before []string
	for _, r := range road {
		shape := dice.IntN(20)
		if r.kind == pipeline.Gate && shape == 0 {
			continue // the gate's job was deleted
		}
		j := pipeline.Job{Key: r.key, Environment: r.environment, Kind: r.kind, Needs: slices.Clone(before)}
		j.Body.ID, j.Body.RunsOn = r.key, []workflow.Text{{Source: "ubuntu-latest"}}
		switch shape {
		case 1:
			j.Body.If.Source = "always()"
		case 2:
			j.Needs = nil
		case 3:
			j.Needs, j.Body.If.Source = nil, "failure() || success()"
		case 4:
			j.Body.ContinueOnError = workflow.Text{Source: "true", Type: "boolean"}
		}
		p.Jobs = append(p.Jobs, j)
		before = []string{r.key}
	}
	return p
}

func (l *life) id() string { l.ids++; return fmt.Sprint(l.ids) }

func (l *life) toRun(p ledger.Payload) {
	l.seq++
	e := ledger.Event{Header: ledger.Header{Seq: l.seq, Version: l.run.Version + 1}, Data: p}
	l.events = append(l.events, e)
	l.run = pipeline.Apply(l.run, e)
}

func (l *life) toRelease(p ledger.Payload) {
	l.seq++
	l.release = gate.Apply(l.release, ledger.Event{Header: ledger.Header{Seq: l.seq, Version: l.release.Version + 1}, Data: p})
}

func (l *life) find(id string) policy.Subject { return l.persons[id] }

func (l *life) unsigned(name string) []signature.Meaning {
	def, _ := l.release.Definition(l.profile, name)
	return gate.Unsigned(def, gate.Effective(l.release, name, "corp-procurement", l.find))
}

// outside is what app/orchestrate tells a counted run.
func (l *life) outside() pipeline.Outside {
	o := pipeline.Outside{Gates: map[string]pipeline.GateState{}, Entry: map[string]pipeline.Entry{}}
	for _, j := range l.run.Plan.Jobs {
		switch j.Kind {
		case pipeline.Place:
			ok, reason := gate.MayEnter(l.profile, j.Environment, l.release)
			o.Entry[j.Environment] = pipeline.Entry{Allowed: ok, Reason: reason}
		case pipeline.Gate:
			o.Gates[j.Environment] = l.gateState(j.Environment)
		}
	}
	return o
}

func (l *life) gateState(name string) pipeline.GateState {
	if !l.tagged {
		return pipeline.GateState{Absent: true, Reason: "no version tag"}
	}
	switch l.release.Gate(name).Phase {
	case gate.PhaseRejected:
		return pipeline.GateState{Rejected: true, Reason: "rejected"}
	case gate.PhaseConsumed:
		return pipeline.GateState{Satisfied: true}
	case gate.PhaseOpen:
		return pipeline.GateState{Satisfied: l.release.Held == "" && len(l.unsigned(name)) == 0}
	}
	return pipeline.GateState{}
}

// step asks what is next until the run waits.
func (l *life) step() {
	for n := 0; ; n++ {
		if n > 4*len(l.run.Plan.Jobs)+4 {
			l.t.Fatalf("the run moved %d times by itself", n)
		}
		commands := pipeline.Next(l.run, l.outside())
		if len(commands) == 0 {
			return
		}
		for _, c := range commands {
			l.do(c)
		}
	}
}

func (l *life) do(c pipeline.Command) {
	if c, ok := c.(pipeline.Queue); ok {
		if c.Gate != "" && l.release.Gate(c.Gate).Phase == gate.PhaseOpen {
			l.consume(c.Gate)
		}
		l.mayBeIn(c.Environment, "queued")
	}
	fact, err := pipeline.Fact(l.run.Run, c)
	if err != nil {
		l.t.Fatal(err)
	}
	l.toRun(fact)
}

// consume checks by itself, not with package gate, that the signatures are
// there: for each meaning one person who is no author, all different, over the
// manifest that is open now.
func (l *life) consume(name string) {
	def, _ := l.release.Definition(l.profile, name)
	opened := l.release.Gate(name)
	if l.release.Held != "" {
		l.t.Fatalf("gate %s was consumed while the release is on hold", name)
	}
	signed := map[string]bool{}
	for _, m := range def.Signatures {
		for _, s := range opened.Signatures {
			if s.Meaning == m && !s.Withdrawn && s.Manifest == opened.Opened.Manifest && s.Person != "bob" && !l.persons[s.Person].Disabled && s.Decision == "approve" {
				signed[string(m)] = true
				signed["by "+s.Person] = true
			}
		}
	}
	if len(signed) < 2*len(def.Signatures) {
		l.t.Fatalf("gate %s was consumed with %v", name, opened.Signatures)
	}
	l.toRelease(&gate.Consumed{Gate: name, Manifest: opened.Opened.Manifest, Signatures: []string{}})
}

// mayBeIn is the rule: nothing comes into a place before its gates.
func (l *life) mayBeIn(place, what string) {
	demanded := map[string][]string{"val": {gate.PreVal}, "prd": {gate.PreVal, gate.ApproveToPrd}}[place]
	if l.profile == policy.NonGxP {
		demanded = map[string][]string{"prd": {gate.ApproveToPrd}}[place]
	}
	for _, name := range demanded {
		if l.release.Gate(name).Phase != gate.PhaseConsumed {
			l.t.Fatalf("an execution in %s was %s while gate %s is %s", place, what, name, l.release.Gate(name).Phase)
		}
	}
}

// jobsIn are the keys of jobs with a status.
func (l *life) jobsIn(status pipeline.Status) []string {
	var out []string
	for _, j := range l.run.Plan.Jobs {
		if l.run.Jobs[j.Key].Status == status {
			out = append(out, j.Key)
		}
	}
	return out
}

// claim is what app/claim does: the place is asked for again.
func (l *life) claim(n int) {
	queued := l.jobsIn(pipeline.Queued)
	if len(queued) == 0 || l.run.Cancelled {
		return
	}
	key := queued[n%len(queued)]
	j, _ := l.run.Plan.Job(key)
	if j.Kind == pipeline.Place {
		if ok, _ := gate.MayEnter(l.profile, j.Environment, l.release); !ok {
			return
		}
		l.mayBeIn(j.Environment, "claimed")
	}
	l.toRun(&pipeline.ExecutionClaimed{Execution: l.run.Jobs[key].Execution, Worker: "w"})
}

// result ends an execution, or loses it.
func (l *life) result(n int) {
	running := l.jobsIn(pipeline.Running)
	if len(running) == 0 {
		return
	}
	key := running[n%len(running)]
	st := l.run.Jobs[key]
	switch {
	case n%14 == 13:
		l.toRun(&pipeline.ExecutionGivenUp{Execution: st.Execution, Job: key, Reason: "its worker died", Retry: st.Try < 2})
	case n%14 == 12:
		l.toRun(&pipeline.ExecutionFinished{Execution: st.Execution, Job: key, Conclusion: pipeline.Failure})
	default:
		l.toRun(&pipeline.ExecutionFinished{Execution: st.Execution, Job: key, Conclusion: pipeline.Success})
		if key == "for_use" {
			l.publishFinals()
		}
	}
}

// publishFinals is where a release becomes for use.
func (l *life) publishFinals() {
	if l.profile == policy.GxP && l.release.Gate(gate.ApproveForUse).Phase != gate.PhaseConsumed {
		l.t.Fatalf("for use while %s is %s", gate.ApproveForUse, l.release.Gate(gate.ApproveForUse).Phase)
	}
	l.forUse = true
}

// waited is the gate that the n-th waiting job waits at.
func (l *life) waited(n int) (gate.Definition, bool) {
	waiting := l.jobsIn(pipeline.Waiting)
	if len(waiting) == 0 {
		return gate.Definition{}, false
	}
	j, _ := l.run.Plan.Job(waiting[n%len(waiting)])
	def, _ := l.release.Definition(l.profile, j.Environment)
	return def, true
}

// atGate lets a person or the facts move a gate.
func (l *life) atGate(op, n int) {
	def, ok := l.waited(n)
	if !ok {
		return
	}
	g := l.release.Gate(def.Name)
	switch op {
	case opOpen:
		if g.Phase == gate.PhaseClosed && l.release.Moved == nil {
			l.toRelease(&gate.Opened{Gate: def.Name, Manifest: "m" + l.id(), Opening: g.Openings + 1})
		}
	case opVoid:
		if g.Phase == gate.PhaseOpen {
			l.toRelease(&gate.Voided{Gate: def.Name, Manifest: g.Opened.Manifest})
		}
	case opWithdraw:
		if len(g.Signatures) > 0 && g.Phase == gate.PhaseOpen {
			l.toRelease(&signature.Withdrawn{Signature: g.Signatures[n%len(g.Signatures)].Signature})
		}
	case opSign, opReject:
		l.sign(def, g, op, n)
	}
}

func (l *life) sign(def gate.Definition, g gate.State, op, n int) {
	who := l.persons[people[n%len(people)]]
	meaning, decision := signature.RejectedMeaning, "reject"
	if op == opSign {
		if len(def.Signatures) == 0 {
			return
		}
		meaning, decision = def.Signatures[n/len(people)%len(def.Signatures)], "approve"
	}
	if len(gate.MaySign(l.release, def, who, meaning, "corp-procurement")) > 0 {
		return
	}
	id := l.id()
	l.toRelease(&signature.Made{
		Signature: id, Gate: def.Name, Manifest: g.Opened.Manifest, Meaning: meaning, Decision: decision,
		Role: gate.CapacityFor(who, meaning, "corp-procurement").Role, Person: who.ID,
	})
	if op == opReject {
		l.toRelease(&gate.Rejected{Gate: def.Name, Manifest: g.Opened.Manifest, Signature: id})
		l.toRelease(&release.Rejected{Gate: def.Name, Signature: id})
	}
}

// The operations of a life; those that bring it forward are drawn more often.
const (
	opClaim = iota
	opResult
	opOpen
	opSign
	opSignAll
	opVoid
	opReject
	opWithdraw
	opMoveTag
	opCancel
	opDisable
	opHold
)

var operations = []int{
	opClaim, opClaim, opClaim, opClaim, opResult, opResult, opResult, opResult, opOpen, opOpen, opSign, opSign, opSignAll, opSignAll, opSignAll,
	opClaim, opResult, opClaim, opResult, opOpen, opSignAll, opVoid, opReject, opWithdraw, opMoveTag, opCancel, opDisable, opHold, opHold,
}

func (l *life) operate(op, n int) {
	switch op {
	case opClaim:
		l.claim(n)
	case opResult:
		l.result(n)
	case opReject:
		if n%8 == 0 {
			l.atGate(op, n)
		}
	case opOpen, opVoid, opWithdraw, opSign:
		l.atGate(op, n)
	case opSignAll:
		l.atGate(opOpen, n)
		for i := range 4 * len(people) {
			l.atGate(opSign, i)
		}
	case opMoveTag:
		if l.tagged && n%8 == 0 {
			l.toRelease(&release.TagMoved{Tag: "v1.0.0"})
		}
	case opCancel:
		if n%8 == 0 && !l.run.Finished {
			l.toRun(&pipeline.RunCancelRequested{})
			for _, key := range l.jobsIn(pipeline.Queued) {
				l.toRun(&pipeline.ExecutionFinished{Execution: l.run.Jobs[key].Execution, Job: key, Conclusion: pipeline.Cancelled})
			}
		}
	case opHold:
		switch {
		case l.release.Held != "":
			l.toRelease(&release.Resumed{})
		case l.tagged && n%4 == 0:
			l.toRelease(&release.Held{Because: "a doubt"})
		}
	case opDisable:
		if n%4 != 0 {
			return
		}
		p := l.persons[people[n%len(people)]]
		p.Disabled = true
		l.persons[p.ID] = p
	}
}

// begin starts a run of a random plan, of a tag or of main. rapid draws the
// seed only: its own numbers are near their ends so often that few lives would
// come far.
func begin(t *rapid.T) *life {
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 14))
	l := &life{t: t, persons: everybody(), profile: policy.GxP, dice: dice}
	kind := dice.IntN(10)
	if kind >= 7 {
		l.profile = policy.NonGxP
	}
	l.tagged = kind != 0 && kind != 9
	l.run = pipeline.NewState(plan(dice))
	version := ""
	if l.tagged {
		version = "1.0.0"
		l.toRelease(&release.Registered{Solution: "corp-procurement", Version: version, Tag: "v1.0.0", Authors: []release.Author{{Person: "bob"}}})
		types := []release.ChangeType{release.Normal, release.Normal, release.Standard, release.Emergency, release.Hotfix}
		l.toRelease(&release.Classified{Type: types[dice.IntN(len(types))]})
	}
	l.toRun(&pipeline.RunStarted{Run: "R", Solution: "corp-procurement", Version: version, Profile: string(l.profile), Counted: true, Trigger: l.run.Plan.Trigger})
	l.step()
	return l
}

// live draws the operations of a whole life.
func live(t *rapid.T) *life {
	l := begin(t)
	for range 50 {
		if l.run.Finished {
			break
		}
		l.operate(operations[l.dice.IntN(len(operations))], l.dice.IntN(56))
		l.step()
	}
	return l
}
