// Package standin is a stand-in for the databricks command line program: it
// makes the requests of a bundle deployment with the direct engine, so that
// what wraps the real program can be shown end to end without it.
//
// It was written from the public documentation of bundles and of the REST API
// and from observed requests, not from the real program, and does less: jobs
// only, nothing is built, no telemetry, no caches of answers. Whoever asks for
// its version is told what it is.
package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Version is what the stand-in says it is: the version whose requests it makes.
const Version = "0.298.0-standin"

// Main runs the program. args are without the name of the program; env are
// KEY=VALUE. Data goes to stdout, warnings and errors to stderr. It answers 0,
// or 1 after an error. Nothing is read from the standard input and nobody is
// asked.
//
// The bundle is that of DATABRICKS_BUNDLE_ROOT, else of the working directory or
// a folder above. DATABRICKS_STANDIN_SEED makes the ids of a deployment, which
// are random without it, follow from a text.
func Main(ctx context.Context, args, env []string, _ io.Reader, stdout, stderr io.Writer) int {
	p := &program{environ: env, out: stdout, err: stderr}
	err := p.run(ctx, args)
	if err != nil && !errors.Is(err, errSaid) {
		fmt.Fprintf(stderr, "Error: %v\n", err)
	}
	if err != nil {
		return 1
	}
	return 0
}

// errSaid is an error that stands on stderr already.
var errSaid = errors.New("said before")

// program is one call of the command line.
type program struct {
	environ []string
	out     io.Writer
	err     io.Writer
}

// env is a variable of the environment, the last one of its name.
func (p *program) env(key string) string {
	for _, e := range slices.Backward(p.environ) {
		if name, value, _ := strings.Cut(e, "="); name == key {
			return value
		}
	}
	return ""
}

// tell writes one line for people.
func (p *program) tell(format string, args ...any) { fmt.Fprintf(p.err, format+"\n", args...) }

// print writes JSON.
func (p *program) print(v any) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// flags are those of all commands.
type flags struct {
	target      string
	output      string
	vars        []string
	plan        string
	autoApprove bool
	forceLock   bool
	force       bool
	failActive  bool
	noWait      bool
	args        []string // after the command
}

func (f flags) json() bool { return f.output == "json" }

// command is one entry of the command line.
type command struct {
	run   func(*session, context.Context) error // within a bundle
	plain func(*program, context.Context, flags) error
	flags []string // beside target, output and var
	args  int
}

// To add a command, write it beside the others and name it here.
var commands = map[string]command{
	"version":         {plain: (*program).version},
	"api get":         {plain: (*program).get, args: 1},
	"bundle validate": {run: (*session).validate},
	"bundle plan":     {run: (*session).showPlan},
	"bundle deploy":   {run: (*session).deploy, flags: []string{"plan", "auto-approve", "force-lock", "force", "fail-on-active-runs"}},
	"bundle summary":  {run: (*session).summary},
	"bundle run":      {run: (*session).runJob, flags: []string{"no-wait"}, args: 1},
	"bundle destroy":  {run: (*session).destroy, flags: []string{"auto-approve", "force-lock"}},
}

func (p *program) run(ctx context.Context, args []string) error {
	var f flags
	set := pflag.NewFlagSet("databricks", pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVarP(&f.target, "target", "t", "", "")
	set.StringVarP(&f.output, "output", "o", "text", "")
	set.StringArrayVar(&f.vars, "var", nil, "")
	set.StringVar(&f.plan, "plan", "", "")
	set.BoolVar(&f.autoApprove, "auto-approve", false, "")
	set.BoolVar(&f.forceLock, "force-lock", false, "")
	set.BoolVar(&f.force, "force", false, "")
	set.BoolVar(&f.failActive, "fail-on-active-runs", false, "")
	set.BoolVar(&f.noWait, "no-wait", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if f.output != "text" && f.output != "json" {
		return fmt.Errorf("--output %q: want text or json", f.output)
	}
	words := set.Args()
	n := min(len(words), 2)
	if n > 0 && words[0] == "version" {
		n = 1
	}
	name := strings.Join(words[:n], " ")
	c, ok := commands[name]
	if !ok {
		return fmt.Errorf("unknown command %q: the stand-in has %s", name, names(commands))
	}
	f.args = words[n:]
	if len(f.args) != c.args {
		return fmt.Errorf("%s: %d arguments, want %d", name, len(f.args), c.args)
	}
	var unknown error
	set.Visit(func(flag *pflag.Flag) {
		if !slices.Contains(append([]string{"target", "output", "var"}, c.flags...), flag.Name) {
			unknown = fmt.Errorf("unknown flag: --%s is none of %s", flag.Name, name)
		}
	})
	if unknown != nil {
		return unknown
	}
	if c.plain != nil {
		return c.plain(p, ctx, f)
	}
	return p.within(ctx, name, f, c.run)
}

func (p *program) version(_ context.Context, f flags) error {
	if f.json() {
		return p.print(map[string]any{"ProjectName": "dc-release", "Version": Version, "IsSnapshot": false})
	}
	_, err := fmt.Fprintf(p.out, "Databricks CLI v%s\n", Version)
	return err
}

// get prints what the workspace answers.
func (p *program) get(ctx context.Context, f flags) error {
	path := f.args[0]
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("path %q: want one that begins with /", path)
	}
	c, err := p.connect(ctx, p.env("DATABRICKS_HOST"), "api get")
	if err != nil {
		return err
	}
	var answer any
	if err := c.get(ctx, path, nil, &answer); err != nil {
		return err
	}
	return p.print(answer)
}
