package standin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const stateVersion = 2

// state is resources.json: what was deployed last, with the ids of the workspace.
type state struct {
	Version    int              `json:"state_version"`
	CLIVersion string           `json:"cli_version"`
	Lineage    string           `json:"lineage"` // of the first deployment, for ever
	Serial     int              `json:"serial"`  // of the deployments
	State      map[string]entry `json:"state"`
}

// entry is one resource: resources.jobs.KEY or resources.jobs.KEY.permissions.
type entry struct {
	ID    string `json:"__id__"`
	State any    `json:"state"`
}

const (
	jobPrefix        = "resources.jobs."
	permissionSuffix = ".permissions"
)

func jobKey(name string) string { return jobPrefix + name }

// jobOf is the key of the job whose permissions a key names.
func jobOf(key string) (string, bool) { return strings.CutSuffix(key, permissionSuffix) }

// readState is the state of the workspace; nothing deployed is an empty one.
func (s *session) readState(ctx context.Context) (state, error) {
	data, err := s.readFile(ctx, s.bundle.StatePath()+"/resources.json")
	if missing(err) {
		return state{Version: stateVersion, State: map[string]entry{}}, nil
	}
	if err != nil {
		return state{}, err
	}
	return parseState(data)
}

func parseState(data []byte) (state, error) {
	var st state
	if err := decode(data, &st); err != nil {
		return st, fmt.Errorf("resources.json: %w", err)
	}
	if st.Version > stateVersion {
		return st, fmt.Errorf("resources.json: state_version %d was written by a newer program (%s); this one reads %d", st.Version, st.CLIVersion, stateVersion)
	}
	if st.State == nil {
		st.State = map[string]entry{}
	}
	return st, nil
}

// local is a file beside the bundle, as the last command from this folder left it.
func (s *session) local(name string) string {
	return filepath.Join(s.dir, ".databricks", "bundle", s.bundle.Target(), name)
}

func (s *session) cached() (state, error) {
	data, err := os.ReadFile(s.local("resources.json"))
	if err != nil {
		return state{}, err
	}
	return parseState(data)
}

func (s *session) keepLocal(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(s.local(name)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.local(name), data, 0o600)
}

// writeState is the end of a deployment: the next one is numbered higher.
func (s *session) writeState(ctx context.Context, st *state) error {
	if st.Lineage == "" {
		st.Lineage = s.id("lineage")
	}
	st.Version, st.CLIVersion, st.Serial = stateVersion, Version, st.Serial+1
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	if err := s.upload(ctx, s.bundle.StatePath()+"/resources.json", data, true); err != nil {
		return err
	}
	return s.keepLocal("resources.json", data)
}

// id is a UUID, random or of the seed.
func (s *session) id(what string) string {
	seed := s.env("DATABRICKS_STANDIN_SEED")
	if seed == "" {
		seed = rand.Text()
	}
	return uuid(what + "\x00" + seed)
}

func uuid(of string) string {
	var b [16]byte
	sum := sha256.Sum256([]byte(of))
	copy(b[:], sum[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// readFile gives the bytes of a file of the workspace.
func (s *session) readFile(ctx context.Context, name string) ([]byte, error) {
	data, _, err := s.client.send(ctx, http.MethodGet, "/api/2.0/workspace-files/"+escape(name), nil, "")
	return data, err
}

func escape(name string) string { return url.PathEscape(strings.TrimPrefix(name, "/")) }

// upload writes a file, and its folder when it is not there.
func (s *session) upload(ctx context.Context, name string, data []byte, overwrite bool) error {
	to := fmt.Sprintf("/api/2.0/workspace-files/import-file/%s?overwrite=%t", escape(name), overwrite)
	_, _, err := s.client.send(ctx, http.MethodPost, to, data, "application/octet-stream")
	if !missing(err) {
		return err
	}
	if err := s.mkdirs(ctx, path.Dir(name)); err != nil {
		return err
	}
	_, _, err = s.client.send(ctx, http.MethodPost, to, data, "application/octet-stream")
	return err
}

// remove deletes; what is not there is fine.
func (s *session) remove(ctx context.Context, name string, recursive bool) error {
	err := s.client.post(ctx, "/api/2.0/workspace/delete", map[string]any{"path": name, "recursive": recursive}, nil)
	if missing(err) {
		return nil
	}
	return err
}

// holder is the file deploy.lock: who deploys.
type holder struct {
	ID       string `json:"ID"`
	Acquired string `json:"AcquisitionTime"`
	Forced   bool   `json:"IsForced"`
	User     string `json:"User"`
}

func (s *session) lockPath() string { return s.bundle.StatePath() + "/deploy.lock" }

// lock takes the lock of the deployment, by writing a file that must not be
// there. Mode development takes none. A process that is killed leaves it.
func (s *session) lock(ctx context.Context) (unlock func() error, err error) {
	if s.bundle.Mode() == "development" {
		return func() error { return nil }, nil
	}
	own := holder{ID: uuid(rand.Text()), Acquired: now(), Forced: s.forceLock, User: s.user.Name}
	data, err := json.Marshal(own)
	if err != nil {
		return nil, err
	}
	err = s.upload(ctx, s.lockPath(), data, s.forceLock)
	if err != nil && !isStatus(err, http.StatusConflict) {
		return nil, fmt.Errorf("acquire the deployment lock: %w", err)
	}
	held, read := s.holder(ctx)
	switch {
	case read != nil:
		return nil, fmt.Errorf("read the deployment lock back: %w", errors.Join(read, err))
	case err != nil || held.ID != own.ID:
		return nil, fmt.Errorf("failed to acquire deployment lock: %s holds it since %s. Use --force-lock to override", held.User, held.Acquired)
	}
	return func() error { return s.unlock(ctx, own) }, nil
}

// unlock deletes the own lock and no other's.
func (s *session) unlock(ctx context.Context, own holder) error {
	held, err := s.holder(ctx)
	if err != nil {
		return fmt.Errorf("release the deployment lock: %w", err)
	}
	if held.ID != own.ID {
		return fmt.Errorf("release the deployment lock: %s took it at %s", held.User, held.Acquired)
	}
	return s.remove(ctx, s.lockPath(), false)
}

func (s *session) holder(ctx context.Context) (holder, error) {
	var h holder
	data, _, err := s.client.send(ctx, http.MethodGet, withQuery("/api/2.0/workspace/export", url.Values{"path": {s.lockPath()}, "direct_download": {"true"}}), nil, "")
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(data, &h)
}

// noTerraform refuses a deployment of the other engine.
func (s *session) noTerraform(ctx context.Context) error {
	_, err := s.readFile(ctx, s.bundle.StatePath()+"/terraform.tfstate")
	switch {
	case missing(err):
		return nil
	case err != nil:
		return err
	}
	return errors.New("it was deployed with the engine terraform; the stand-in has the engine direct only")
}

// deployment is deployment.json: which files were uploaded, by name.
type deployment struct {
	Version    int            `json:"version"`
	Seq        int            `json:"seq"`
	CLIVersion string         `json:"cli_version"`
	Timestamp  string         `json:"timestamp"`
	Files      []deployedFile `json:"files"`
	ID         string         `json:"id"`
}

type deployedFile struct {
	Path     string `json:"local_path"`
	Notebook bool   `json:"is_notebook"`
}

func (s *session) readDeployment(ctx context.Context) (deployment, error) {
	var d deployment
	data, err := s.readFile(ctx, s.bundle.StatePath()+"/deployment.json")
	if missing(err) {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	return d, decode(data, &d)
}

// snapshot is what this folder uploaded last, by digest. A file that somebody
// changed in the workspace is not uploaded again from here; from a fresh
// checkout it is.
type snapshot struct {
	Host  string            `json:"host"`
	Path  string            `json:"remote_path"`
	Files map[string]string `json:"files"` // sha256 by path
}

func (s *session) readSnapshot() (snapshot, error) {
	none := snapshot{Host: s.client.host, Path: s.bundle.FilePath(), Files: map[string]string{}}
	data, err := os.ReadFile(s.local("sync-snapshot.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	var is snapshot
	if err := json.Unmarshal(data, &is); err != nil || is.Host != none.Host || is.Path != none.Path || is.Files == nil {
		return none, nil //nolint:nilerr // what cannot be used is uploaded again
	}
	return is, nil
}
