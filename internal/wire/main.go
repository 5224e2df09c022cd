package wire

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/totp"
	"github.com/dc-release/dc-release/internal/adapter/render/html"
	"github.com/dc-release/dc-release/internal/app/inspect"
	coredocument "github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/api"
	"github.com/dc-release/dc-release/internal/face/cli"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/document"
	"github.com/dc-release/dc-release/internal/face/cli/records"
	"github.com/dc-release/dc-release/internal/face/cli/run"
	"github.com/dc-release/dc-release/internal/face/cli/trace"
	"github.com/dc-release/dc-release/internal/face/cli/workflows"
)

// Main is the whole program behind cmd/dc-release: arguments and streams in,
// exit code out.
func Main(ctx context.Context, version string, args []string, in io.Reader, out, errOut io.Writer) int {
	logger := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	base := Config{Build: version, Logger: logger, Slots: 2}
	env := &console.Env{In: in, Out: out, Err: errOut, Terminal: isTerminal(in) && isTerminal(errOut)}
	env.Connect = func(ctx context.Context, e *console.Env) (console.Session, error) { return connect(ctx, base, e) }
	root := cli.Root(cli.Deps{
		Env: env, Version: version, Code: totp.Code, Verify: Verify(version), Witness: Witness, Bundle: Bundle, Results: ReadResult,
		Trace:  trace.Deps{Local: TraceLocal, HTML: html.Render},
		Author: records.Author{Draft: DraftNote, Diff: DiffLocal},
		Documents: document.Deps{Local: TestDocumentsLocal, Template: CheckTemplate, Folder: func(ctx context.Context, q document.FolderRequest) (coredocument.Tested, error) {
			return TestDocumentsFolder(ctx, version, q)
		}},
		Rehearse: func(ctx context.Context, q run.Rehearsal, progress func(inspect.RunDetail)) (run.Outcome, error) {
			base.Sandbox, base.Data, base.Labels, base.Processes = env.Sandbox, env.Data, env.Labels, env.Processes
			return Rehearse(ctx, base, q, progress)
		},
		Preview: func(ctx context.Context, q workflows.Request) ([]workflows.Planned, error) {
			base.Data, base.Labels = env.Data, env.Labels
			return Preview(ctx, base, q)
		},
		Sandbox: ServeSandbox,
		Worker:  func(ctx context.Context, child string) error { return RunChild(ctx, child, logger) },
	})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && strings.HasPrefix(err.Error(), "unknown command") {
		err = fault.New(fault.Invalid, "%v", err)
	}
	return env.Fail(err)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// connect asks the owner of the data directory, or becomes it.
func connect(ctx context.Context, base Config, env *console.Env) (console.Session, error) {
	base.Data, base.Sandbox, base.Evaluation = env.Data, env.Sandbox, env.Evaluation
	base.Secrets, base.Vars, base.Labels, base.Processes = env.Secrets, env.Vars, env.Labels, env.Processes
	base.Issuer, base.Listen, base.Anchors = env.Issuer, env.Listen, env.Anchors
	base.TimeSource, base.TSA, base.TSACA, base.Serving = env.TimeSource, env.TSA, env.TSACA, env.Serving
	base.URL, base.Provider, base.DriftEvery, base.SecretsKey = env.URL, env.Provider, env.DriftEvery, env.SecretsKey
	if session, err := dial(base.Data); err == nil {
		if len(env.Anchors) > 0 || env.TimeSource != "" || env.TSA != "" || env.SecretsKey != "" {
			env.Note("--anchor, --time-source, --tsa and --secrets-key are not used: another process owns %s and has its own", base.Data)
		}
		return session, nil // whose sandbox it is, and need not be looked for
	}
	if base.Sandbox == "" {
		kind, err := StrongestSandbox(ctx)
		switch {
		case err == nil:
			base.Sandbox = kind
		case env.Evaluation:
			env.Note("EVALUATION: no sandbox works here; every record and document is marked")
			base.Sandbox = "none"
		default:
			return nil, err
		}
	}
	deadline := time.Now().Add(ownerPatience)
	for {
		o, err := Open(ctx, base)
		if err == nil {
			return &local{owner: o}, nil
		}
		if !errors.Is(err, errOwned) {
			return nil, err
		}
		if session, err := dial(base.Data); err == nil || time.Now().After(deadline) {
			return session, err
		}
		t := time.NewTimer(50 * time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, ctx.Err()
		}
	}
}

// ownerPatience is how long an owner that does not listen is waited for: it is
// starting, or a short command that ends soon.
const ownerPatience = 30 * time.Second

// dial asks whether the owner listens.
func dial(data string) (console.Session, error) {
	socket, err := socketPath(data)
	if err != nil {
		return nil, err
	}
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fault.New(fault.Conflict, "another process owns %s and does not answer", data)
	}
	return remote{api.Dial(socket)}, c.Close()
}

// remote is a session with another process.
type remote struct{ *api.Client }

func (remote) Owner() bool                    { return false }
func (remote) WaitIdle(context.Context) error { return nil }
func (remote) Close() error                   { return nil }

// local is a session in which this process is the owner; it starts to work at
// the first wait.
type local struct {
	owner   *Owner
	started bool
}

func (*local) Owner() bool { return true }

// WaitIdle starts work and waits until nothing moves without a person.
func (l *local) WaitIdle(ctx context.Context) error {
	if !l.started {
		if err := l.owner.Start(ctx); err != nil {
			return err
		}
		l.started = true
	}
	return l.owner.WaitIdle(ctx)
}

// Call implements operation.Caller.
func (l *local) Call(ctx context.Context, name string, request []byte) ([]byte, error) {
	return l.owner.Call(ctx, name, request)
}

// Close ends the session and, with it, ownership.
func (l *local) Close() error { return l.owner.Close() }
