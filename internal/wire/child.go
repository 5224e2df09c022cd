package wire

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/keyring"
	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/adapter/runner/worker"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/workerapi"
)

// pools that the worker beside the server serves.
var pools = []string{"untrusted", "build", "deploy", "verify"}

// labels that it offers.
var labels = []string{"self-hosted", "linux", "Linux", "x64", "X64", "ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "dc-release"}

// child is the worker in a process of its own.
type child struct {
	cmd   *exec.Cmd
	stdin *os.File
	done  chan struct{} // closed when it has ended
	err   error
}

// childArgs is what the worker process is told.
type childArgs struct {
	Data      string   `json:"data"`
	Socket    string   `json:"socket"`
	Path      string   `json:"path"`
	Rehearsal bool     `json:"rehearsal"`
	Slots     int      `json:"slots"`
	Labels    []string `json:"labels"`
	Processes int      `json:"processes"`
	Sandbox   string   `json:"sandbox"` // that executions will most likely ask for
}

// startChild starts this program again as a worker. The worker outlives a
// killed owner until it has handed in what it holds to the next one.
func startChild(c Config, socket string) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args, err := json.Marshal(childArgs{Data: c.Data, Socket: socket, Path: c.Path, Rehearsal: c.Rehearsal, Slots: c.Slots, Labels: c.Labels, Processes: c.Processes, Sandbox: cmp.Or(c.Sandbox, string(sandbox.Namespace))})
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, "worker", "--child", string(args))
	cmd.Stdin = r // closed when the owner ends, however it ends
	log, err := os.OpenFile(filepath.Join(c.Data, "worker.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	cmd.Stderr = log // not the owner's: a worker that outlives it must not hold its streams
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's interrupt is for the owner
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start worker: %w", err), r.Close(), w.Close())
	}
	ch := &child{cmd: cmd, stdin: w, done: make(chan struct{})}
	go func() {
		ch.err = cmd.Wait()
		close(ch.done)
	}()
	return ch, errors.Join(r.Close(), log.Close())
}

// patience is how long a stopping owner waits for its worker. A worker that
// still has an execution goes on alone and hands in to the next owner. One that
// is to be killed has a moment to put away what it has ready.
const (
	patience = 10 * time.Second
	moment   = 250 * time.Millisecond
)

// stop lets the worker finish what it holds and waits for it, or kills it.
func (c *child) stop(kill bool) error {
	if err := c.signal(syscall.SIGTERM); err != nil {
		return err
	}
	if kill && !c.ends(moment) {
		if err := c.signal(syscall.SIGKILL); err != nil {
			return err
		}
	}
	c.ends(patience)
	return c.stdin.Close()
}

func (c *child) signal(s syscall.Signal) error {
	if err := c.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// ends waits for the end of the worker, which it reports.
func (c *child) ends(within time.Duration) bool {
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-c.done:
		return true
	case <-t.C:
		return false
	}
}

// childID names this process so that a later owner can see whether it lives:
// a process id alone is used again.
func childID(pid int) string {
	return fmt.Sprintf("local-%d-%s", pid, startTime(pid))
}

// startTime is field 22 of /proc/PID/stat (proc(5)), "" for a dead process.
func startTime(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}

// deadChild reports whether a worker was started beside a server of this
// machine and is gone.
func deadChild(id string) bool {
	rest, ok := strings.CutPrefix(id, "local-")
	if !ok {
		return false
	}
	pidText, started, _ := strings.Cut(rest, "-")
	pid, err := strconv.Atoi(pidText)
	return err != nil || started == "" || startTime(pid) != started
}

// ownerGone is closed when the owner ends, however it ends: it held the other
// end of standard input.
func ownerGone() <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		close(gone)
	}()
	return gone
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// heapGrowth, in percent: a worker holds what its jobs' steps left, up to the
// runner's limits, and does little else, so that half again is worth the few
// collections more.
const heapGrowth = 50

// RunChild is the worker process.
func RunChild(ctx context.Context, raw string, logger *slog.Logger) (err error) {
	debug.SetGCPercent(heapGrowth)
	var args childArgs
	if err := json.Unmarshal([]byte(raw), &args); err != nil {
		return fault.New(fault.Invalid, "worker --child: %v", err)
	}
	stock := sandbox.NewStock(sandbox.Config{LockDir: lockDir(), Processes: args.Processes})
	defer func() { err = errors.Join(err, stock.Close()) }()
	if sandbox.Kind(args.Sandbox) == sandbox.Namespace {
		stock.Prepare()
	}
	ring, err := keyring.Open(filepath.Join(args.Data, "keys"))
	if err != nil {
		return err
	}
	orphan := ownerGone()
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	bin, err := binDir(args.Data)
	if err != nil {
		return err
	}
	path := cmp.Or(args.Path, os.Getenv("PATH"))
	workDir, spool := worker.Directories(args.Data)
	if err := sweep(workDir); err != nil {
		logger.Warn("sweep after dead workers", "error", err)
	}
	workDir = filepath.Join(workDir, childID(os.Getpid()))
	if err := os.MkdirAll(workDir, 0o700); err != nil {
		return err
	}
	defer os.Remove(workDir)
	mismatch := runner.Refuse
	if args.Rehearsal {
		mismatch = runner.Warn
	}
	w, err := worker.New(worker.Config{
		Server: workerapi.Dial(args.Socket, ring.WorkerToken),
		Worker: claim.Worker{ID: childID(os.Getpid()), Pools: pools, Labels: append(slices.Clone(labels), args.Labels...)},
		Slots:  args.Slots, Spool: spool, Logger: logger, Patience: 2 * time.Minute,
		Orphan: func() bool { return closed(orphan) },
		Runner: runner.Config{
			Open: opener(args.Data, stock), WorkDir: workDir, Bin: bin, Path: path, Name: "local", Rehearsal: args.Rehearsal, ToolMismatch: mismatch,
			Variables: map[string]string{"LANG": "C.UTF-8", "TZ": "UTC"}, Now: time.Now,
		},
	})
	if err != nil {
		return err
	}
	go func() {
		<-orphan
		stop() // a claim that waits is given up; what runs is finished
	}()
	if err := w.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// sweep removes what dead workers of this data directory left: processes under
// lent uids, and work directories.
func sweep(root string) error {
	errs := []error{sandbox.Sweep(sandbox.Config{LockDir: lockDir()})}
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !deadChild(e.Name()) {
			continue
		}
		dir := filepath.Join(root, e.Name())
		errs = append(errs, runner.Sweep(runner.Config{WorkDir: dir}), os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// binDir holds a link to this program, first on the PATH of every job. It is
// outside of the data directory, which jobs cannot see.
func binDir(data string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(data, "bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	link := filepath.Join(dir, "dc-release")
	if now, err := os.Readlink(link); err == nil && now == exe {
		return dir, nil
	}
	tmp := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(exe, tmp); err != nil {
		return "", err
	}
	return dir, os.Rename(tmp, link)
}

// privateFiles of a home directory hold credentials of its owner; the home
// itself stays visible, because tools are installed there.
var privateFiles = []string{
	".ssh", ".gnupg", ".netrc", ".git-credentials", ".aws", ".azure", ".kube", ".docker", ".databrickscfg", ".config/gh", ".config/gcloud", ".pypirc", ".npmrc",
}

// opener opens sandboxes that hide the data directory.
func opener(data string, stock *sandbox.Stock) func(context.Context, runner.Place) (runner.Sandbox, error) {
	return func(ctx context.Context, p runner.Place) (runner.Sandbox, error) {
		spec, err := confined(data, sandbox.Spec{
			Execution: p.Execution, Keep: p.Keep, Hide: p.Hide, Temp: p.Temp, Show: append(slices.Clone(p.Show), filepath.Join(data, "bin")),
		})
		if err != nil {
			return nil, err
		}
		return stock.Open(ctx, sandbox.Kind(p.Kind), spec)
	}
}

// lockDir holds the locks of lent uids; only root lends.
func lockDir() string {
	if os.Getuid() == 0 {
		return ""
	}
	return filepath.Join(os.TempDir(), "dc-release-"+strconv.Itoa(os.Getuid()), "uid")
}

// StrongestSandbox is the kind that works here and protects most.
func StrongestSandbox(ctx context.Context) (string, error) {
	kind, err := sandbox.Strongest(ctx, sandbox.Config{LockDir: lockDir()}, sandbox.UID)
	if err != nil {
		return "", fault.New(fault.Invalid, "no sandbox works here: %v", err).WithHint("enable unprivileged user namespaces, run as root, or accept EVALUATION mode with --sandbox none")
	}
	return string(kind), nil
}
