// Package wire builds everything from configuration: the owner of a data
// directory, its worker, and the callers that ask it.
package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"

	blobdir "github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/deploy/program"
	"github.com/dc-release/dc-release/internal/adapter/effects"
	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/identity/names"
	"github.com/dc-release/dc-release/internal/adapter/identity/password"
	"github.com/dc-release/dc-release/internal/adapter/identity/totp"
	"github.com/dc-release/dc-release/internal/adapter/identity/webauthn"
	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/adapter/keyring"
	"github.com/dc-release/dc-release/internal/adapter/livelog"
	"github.com/dc-release/dc-release/internal/adapter/oidcissuer"
	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/adapter/seal"
	"github.com/dc-release/dc-release/internal/adapter/solutionfile"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/acceptance"
	"github.com/dc-release/dc-release/internal/app/actions"
	"github.com/dc-release/dc-release/internal/app/approve"
	"github.com/dc-release/dc-release/internal/app/artifact"
	"github.com/dc-release/dc-release/internal/app/cache"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/clock"
	"github.com/dc-release/dc-release/internal/app/consult"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/deviation"
	"github.com/dc-release/dc-release/internal/app/halt"
	"github.com/dc-release/dc-release/internal/app/identify"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/integrity"
	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/orchestrate"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/promote"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/rehearse"
	"github.com/dc-release/dc-release/internal/app/rollback"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/app/signed"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/face/web"
)

// Config is one installation as a process sees it.
type Config struct {
	Data    string // data directory
	Build   string // version of this program
	Sandbox string // namespace, uid, none; "" takes the strongest that works
	// Evaluation allows the sandbox none for GxP solutions; everything is marked.
	Evaluation bool
	NoWorker   bool
	Rehearsal  bool
	Slots      int               // executions at once
	Labels     []string          // further labels of the worker
	Issuer     string            // URL of the issuer of identity tokens, "" for none
	Listen     string            // address that others reach this process by, "" for none
	URL        string            // at which browsers reach Listen, "" for the issuer's or this machine's
	Provider   string            // file with the identity provider, "" for none
	Actions    string            // store of actions; "" is that of the data directory
	Processes  int               // of one execution at once; 0 takes the sandbox's default
	TimeSource string            // host[:port] that the clock is compared with, "" for none
	TSA        string            // URL of the authority that stamps anchored checkpoints, "" for none
	TSACA      string            // file with the certificates that it must lead to, "" for any
	DriftEvery time.Duration     // how often places are read back while serving; 0 takes the default
	Serving    bool              // until it is interrupted, and not for one command
	Anchors    []string          // files with checkpoints that the ledger must extend
	Path       string            // PATH of the steps; "" takes this process's
	Secrets    map[string]string // for every solution and place of this process
	SecretsKey string            // file or env:NAME with the key of stored secrets; "" is that of the data directory
	Vars       map[string]string
	Logger     *slog.Logger
}

// Owner is the process that owns a data directory.
type Owner struct {
	Config       Config
	App          *operation.App
	Ring         *keyring.Ring
	Store        *sqlstore.Store
	Blobs        *blobdir.Store
	Logs         *livelog.Store
	Orchestrator *orchestrate.Orchestrator

	lock       *os.File
	held       atomic.Pointer[integrity.Hold]
	copied     string // directory of the copy that answers for a held installation
	effects    *effects.Effects
	state      *state.Reader
	mirrors    *mirrors
	sources    clones
	tracer     *traceability.Tracer
	pins       *git.Pins
	identifier *identify.Identifier
	issuer     *oidcissuer.Issuer
	public     *http.Server
	pages      web.Config
	passkeys   *webauthn.Passkeys
	planner    planner
	publisher  *publish.Publisher
	http       *http.Server
	socket     string
	keep       *keeper
	driver     *driver
	caches     *cache.Caches
	clock      *clock.Keeper
	keys       *keys.Holder
	sealer     *seal.Sealer
	names      *artifact.Names
	programs   *program.Runner
}

// Open becomes the owner of the data directory; errOwned says that there is
// one already.
func Open(ctx context.Context, c Config) (o *Owner, err error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return nil, err
	}
	lock, err := lockOwner(c.Data)
	if err != nil {
		return nil, err
	}
	o = &Owner{Config: c, lock: lock, mirrors: newMirrors(c.Data), sources: clones{dir: filepath.Join(c.Data, "git", "clones")}}
	o.driver = newDriver(o)
	if err := o.open(ctx); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

func (o *Owner) open(ctx context.Context) (err error) {
	caches, err := blobdir.Open(filepath.Join(o.Config.Data, "caches"))
	if err != nil {
		return err
	}
	if o.Ring, err = keyring.Open(filepath.Join(o.Config.Data, "keys")); err != nil {
		return err
	}
	var all errgroup.Group // each waits for the disk
	var engine *sqlite.Engine
	all.Go(func() (err error) {
		engine, err = o.openStore(ctx)
		return err
	})
	if o.Blobs, err = blobdir.Open(filepath.Join(o.Config.Data, "blobs")); err == nil {
		o.Logs, err = livelog.Open(filepath.Join(o.Config.Data, "spool", "log"))
	}
	if err := errors.Join(err, all.Wait()); err != nil {
		return err
	}
	o.keys = keys.New(o.Ring.Installation, o.Ring.Epoch, o.Ring.Keys)
	sealing, err := o.Ring.Seal(time.Now())
	if err != nil {
		return err
	}
	o.sealer = &seal.Sealer{Installation: o.Ring.Installation, Key: sealing.Key, Since: sealing.Since}
	o.names = &artifact.Names{Store: o.Store}
	o.programs = newPrograms(o.Config)
	o.caches = &cache.Caches{Store: o.Store, Blobs: caches, Now: time.Now}
	o.compose()
	if err := o.openAuthority(); err != nil {
		return err
	}
	if o.Held() != nil {
		return nil
	}
	o.Store.OnHead(o.writeHead)
	if err := errors.Join(o.caches.Sweep(ctx), o.programs.Sweep()); err != nil {
		return err
	}
	return o.work(ctx, engine)
}

// work lets the installation change: its effects, its first events, its issuer.
func (o *Owner) work(ctx context.Context, engine *sqlite.Engine) (err error) {
	if err := o.openPages(ctx); err != nil {
		return err
	}
	if o.effects, err = effects.Open(ctx, effects.Config{DB: engine.DB(), Logger: o.Config.Logger, Handlers: map[string]effects.Handler{
		claim.ObserveEffect: o.App.Deployer.Observe, deploy.PlanEffect: o.App.Deployer.Ahead, deploy.RehearsalEffect: o.App.Deployer.Rehearse, rollback.Effect: o.App.Rollbacks.Carry, deploy.FailedEffect: o.App.Rollbacks.Automatic, publish.Effect: o.publisher.Carry, publish.AnchorEffect: o.publisher.CarryAnchor,
		publish.StampEffect: o.publisher.CarryStamp,
	}, Aside: []string{publish.StampEffect}}); err != nil {
		return err
	}
	o.Store.OnEffects(func(ctx context.Context, tx sqlstore.Tx, list []ledger.Effect) error {
		return o.effects.Enqueue(ctx, tx.Native().(*sql.Tx), list)
	})
	if err := o.begin(ctx); err != nil {
		return err
	}
	if err := o.openSecrets(ctx); err != nil {
		return err
	}
	return o.openIssuer(ctx)
}

// begin appends the first events of an installation, once.
func (o *Owner) begin(ctx context.Context) error {
	_, err := o.Store.Append(ctx, ledger.Batch{
		Command: "installation", Actor: ledger.Actor{Kind: ledger.Machine, ID: "installation", Authentication: "internal"},
		Events: o.Ring.Announce(),
	})
	if err != nil {
		return err
	}
	return person.Announce(ctx, o.Store, person.Asked())
}

func newID() string { return ulid.Make().String() }

// newSecret makes the secret of a link or an API token.
func newSecret() (string, error) {
	raw := make([]byte, 32)
	_, err := rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw), err
}

func newSalt() ([]byte, error) {
	salt := make([]byte, ledger.SaltSize)
	_, err := rand.Read(salt)
	return salt, err
}

func readResult(name string, r io.Reader) evidence.Report {
	report, err := testresult.Read(name, r)
	if err != nil {
		report.Problems = append(report.Problems, evidence.Problem{Message: err.Error(), Fatal: true})
	}
	return report
}

// readWhole reads a result file that is in memory.
func readWhole(name string, data []byte) evidence.Report {
	return readResult(name, bytes.NewReader(data))
}

type factors struct{ hasher *password.Hasher }

func (f factors) Hash(ctx context.Context, p string) (string, error) { return f.hasher.Hash(ctx, p) }

func (f factors) Verify(ctx context.Context, p, hash string) (bool, error) {
	return f.hasher.Verify(ctx, p, hash)
}
func (f factors) FoldName(name string) (string, error) { return names.Fold(name) }

func (f factors) NewSeed() (string, error) { return totp.NewSeed() }
func (f factors) Match(seed, code string, at time.Time) (int64, bool, error) {
	return totp.Match(seed, code, at)
}

// compose connects the use cases.
func (o *Owner) compose() {
	o.state = &state.Reader{Log: o.Store, Blobs: o.Blobs}
	if o.Config.Actions == "" {
		o.Config.Actions = actionsDir(o.Config.Data)
	}
	o.pins = git.OpenPins(o.Config.Actions)
	o.planner = planner{pins: o.pins, offers: offers(o.Config)}
	registry := &solution.Registry{Log: o.Store, Lists: o.Store}
	if o.Config.Rehearsal {
		registry.Rehearsed = rehearse.Solution
	}
	f := factors{password.NewHasher(2)}
	vars := func(string, string) map[string]string { return o.Config.Vars }
	o.tracer = &traceability.Tracer{Repositories: o.mirrors, Blobs: o.Blobs, Solutions: registry, Results: readResult, Sources: itemfile.Sources{}, Page: pagefile.Read, Releases: o.state, Readers: readers}
	deviations := &deviation.Deviations{Log: o.Store, State: o.state}
	o.Orchestrator = &orchestrate.Orchestrator{Log: o.Store, State: o.state, Blobs: o.Blobs, Deviations: deviations, Vars: vars, Now: time.Now}
	claims := &claim.Server{
		Log: o.Store, State: o.state, Queue: o.Store, Blobs: o.Blobs, Logs: o.Logs, Reader: readResult,
		Outside: o.Orchestrator.Outside, Secrets: o.secret,
	}
	o.identifier = &identify.Identifier{Log: o.Store, State: o.state, Claims: claims}
	deployer := &deploy.Deployer{
		Log: o.Store, State: o.state, Blobs: o.Blobs, Claims: claims, Solutions: registry,
		Targets: o.targets(),
	}
	signer := o.newSigner(registry, f)
	reporter := o.newReporter(signer)
	o.clock = o.newClock()
	signer.Exceptions, signer.Clock = reporter, o.clock
	o.publisher = o.newPublisher(registry, claims, reporter)
	o.Orchestrator.Gates = &promote.Gates{
		Log: o.Store, State: o.state, Lists: o.Store, Blobs: o.Blobs, Solutions: registry, Documents: reporter, Reviews: reporter, Now: time.Now,
		Sources: sources{o: o, deployer: deployer, registry: registry},
	}
	o.App = &operation.App{
		Log: o.Store, NewID: newID, Publisher: o.publisher, Reporter: reporter, Now: time.Now, Held: o.Held,
		Trail:         &trail.Trail{Store: o.Store, Checkpoint: o.publisher.Checkpoint, Keys: o.publisher.PublicKeys, Now: time.Now, Signed: signed.Reader{Blobs: o.Blobs, Names: signer.PrintedName}},
		Deviations:    deviations,
		Approvals:     &approve.Approvals{Log: o.Store, State: o.state, Solutions: registry, Now: time.Now},
		Acceptances:   &acceptance.Acceptances{Log: o.Store, State: o.state, Items: o.tracer, Blobs: o.Blobs},
		Rotator:       o.newRotator(),
		Consultations: &consult.Consultations{Log: o.Store, State: o.state, Lists: o.Store, Solutions: registry},
		Halts:         &halt.Halts{Log: o.Store, State: o.state, Solutions: registry, Now: time.Now},
		Environments:  solutionfile.ReadEnvironments,
		Solutions:     registry, Signer: signer, Claims: claims, Deployer: deployer,
		Actions: &actions.Actions{Log: o.Store, Pins: o.pins},
		Access:  o.newAccess(), Secrets: o.newSecrets(registry),
		People: o.newPeople(f),
		Intake: &intake.Intake{
			Log: o.Store, State: o.state, Lists: o.Store, Blobs: o.Blobs, Repositories: o.mirrors, Plan: o.planner.plan, Config: solutionfile.Read, Vars: vars,
			NewID: newID, Now: time.Now, Installation: o.Ring.Installation, Sandbox: o.Config.Sandbox, Evaluation: o.Config.Evaluation && o.Config.Sandbox == "none",
		},
		Tracer: o.tracer, Inspector: &inspect.Inspector{Lists: o.Store, State: o.state, Blobs: o.Blobs, Logs: o.Logs, Names: signer.PrintedName, Unsigned: o.Orchestrator.Unsigned, Moving: o.driver.moving, Silent: o.driver.silent, Now: time.Now},
		Rollbacks: &rollback.Rollbacks{
			Log: o.Store, State: o.state, Lists: o.Store, Blobs: o.Blobs, Deployer: deployer,
			Unsigned: o.Orchestrator.Unsigned, Publisher: o.publisher,
		},
	}
}

func (o *Owner) newSigner(registry *solution.Registry, f factors) *sign.Signer {
	return &sign.Signer{
		Log: o.Store, State: o.state, Blobs: o.Blobs, Vault: o.Store, Ceremonies: o.Store, Solutions: registry,
		Provers: map[string]sign.Prover{sign.Password: sign.PasswordProver{Vault: o.Store, Factors: f, Now: time.Now}},
		Keys:    o.keys, Now: time.Now, NewID: newID, Results: readWhole,
	}
}

// Start begins to work, and of a held installation to answer: socket, effects, orchestrator, intake spool and, unless
// there is to be none, a worker in a process of its own.
func (o *Owner) Start(ctx context.Context) error {
	socket, err := socketPath(o.Config.Data)
	if err != nil {
		return err
	}
	o.socket = socket
	if err := o.listen(socket); err != nil {
		return fmt.Errorf("listen on %s: %w", socket, err)
	}
	if o.Held() != nil {
		return nil
	}
	if err := o.listenPublic(); err != nil {
		return err
	}
	if err := o.observeClock(ctx); err != nil {
		return err
	}
	if err := o.effects.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if err := o.App.Claims.GiveUp(ctx, deadChild); err != nil {
		return err
	}
	if err := o.App.Claims.SweepLogs(ctx); err != nil {
		return err
	}
	o.driver.start(ctx)
	if o.Config.NoWorker {
		return nil
	}
	o.keep, err = keepWorker(o)
	return err
}

// Close ends everything in order; what runs in the worker is finished first.
func (o *Owner) Close() error {
	var errs []error
	if o.keep != nil {
		errs = append(errs, o.keep.stop(o.Config.Rehearsal))
	}
	o.driver.stop()
	if o.public != nil {
		errs = append(errs, o.public.Close())
	}
	if o.http != nil {
		errs = append(errs, o.http.Close())
	}
	if o.effects != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		errs = append(errs, o.effects.Stop(ctx))
		cancel()
	}
	if o.Logs != nil {
		errs = append(errs, o.Logs.Close())
	}
	if o.Store != nil {
		errs = append(errs, o.Store.Close())
	}
	if o.copied != "" {
		errs = append(errs, os.RemoveAll(o.copied))
	}
	return errors.Join(append(errs, o.lock.Close())...)
}

// Call implements operation.Caller in the owner's own process.
func (o *Owner) Call(ctx context.Context, name string, request []byte) ([]byte, error) {
	return operation.Call(ctx, o.App, name, request)
}
