package standin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

// session is a command within a bundle, for one target of one workspace.
type session struct {
	*program
	flags
	dir    string
	files  fs.FS // of the bundle
	bundle *bundle.Resolved
	client *client
	user   bundle.User
	person bool   // the user is no service principal
	org    string // id of the workspace
}

// within opens the bundle, signs in and runs a command. What is wrong with the
// bundle is said before any request is made.
func (p *program) within(ctx context.Context, name string, f flags, run func(*session, context.Context) error) error {
	if engine := p.env("DATABRICKS_BUNDLE_ENGINE"); engine != "direct" {
		return fmt.Errorf("DATABRICKS_BUNDLE_ENGINE=%q: the stand-in has the engine direct only", engine)
	}
	dir, err := p.root()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	options := bundle.Options{Target: f.target, Environ: p.environ, Git: bundle.ReadGit(ctx, dir)}
	if options.Variables, err = variables(f.vars); err != nil {
		return err
	}
	b, found := bundle.Load(root.FS())
	if b == nil {
		return p.say(found)
	}
	r, more := b.Resolve(options)
	if bundle.Failed(found) || r == nil {
		return p.say(append(found, more...))
	}
	s := &session{program: p, flags: f, dir: dir, files: root.FS()}
	options.Host = p.env("DATABRICKS_HOST")
	if options.Host == "" {
		options.Host = r.Config.At("workspace", "host").String()
	}
	if s.client, err = p.connect(ctx, options.Host, name); err != nil {
		return err
	}
	if err := s.me(ctx); err != nil {
		return err
	}
	options.User = s.user
	s.bundle, more = b.Resolve(options)
	if err := p.say(append(found, more...)); err != nil {
		return err
	}
	return run(s, ctx)
}

// root is the folder of the bundle.
func (p *program) root() (string, error) {
	if dir := p.env("DATABRICKS_BUNDLE_ROOT"); dir != "" {
		return filepath.Abs(dir)
	}
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "databricks.yml")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("unable to locate bundle root: no databricks.yml in %s or above", start)
		}
	}
}

func variables(given []string) (map[string]string, error) {
	out := map[string]string{}
	for _, v := range given {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			return nil, errors.New("--var: want NAME=VALUE") // the value may be secret
		}
		out[name] = value
	}
	return out, nil
}

// say writes findings for people; an error among them ends the command.
func (p *program) say(found []bundle.Finding) error {
	for _, f := range found {
		title := "Warning"
		if f.Severity == bundle.Error {
			title = "Error"
		}
		text := f.What
		if f.Fix != "" {
			text += ". " + strings.ToUpper(f.Fix[:1]) + f.Fix[1:]
		}
		p.tell("%s: %s\n  in %s", title, text, f.Place)
	}
	if bundle.Failed(found) {
		return errSaid
	}
	return nil
}

// me asks who the workspace takes us for. A document about the host may be
// missing.
func (s *session) me(ctx context.Context) error {
	var host any
	if err := s.client.get(ctx, "/.well-known/databricks-config", nil, &host); err != nil && !missing(err) {
		return err
	}
	data, header, err := s.client.send(ctx, "GET", "/api/2.0/preview/scim/v2/Me", nil, "")
	if err != nil {
		return err
	}
	var me struct {
		UserName string `json:"userName"`
		Display  string `json:"displayName"`
	}
	if err := decode(data, &me); err != nil {
		return err
	}
	if me.UserName == "" {
		return errors.New("the workspace does not say who the user is")
	}
	s.user = bundle.User{Name: me.UserName, Display: me.Display}
	s.person = strings.Contains(me.UserName, "@")
	s.org = header.Get("X-Databricks-Org-Id")
	return nil
}

// validate prints the resolved configuration; afterwards the folder of the files
// is there.
func (s *session) validate(ctx context.Context) error {
	if _, err := s.usable(ctx, s.bundle.FilePath()); err != nil {
		return err
	}
	_, found := s.bundle.Files()
	if err := s.say(found); err != nil {
		return err
	}
	if s.json() {
		_, err := s.out.Write(s.bundle.JSON())
		return err
	}
	_, err := fmt.Fprintf(s.out, "Name: %s\nTarget: %s\nWorkspace:\n  Host: %s\n  User: %s\n  Path: %s\n\nValidation OK!\n",
		s.bundle.Name(), s.bundle.Target(), s.client.host, s.user.Name, s.bundle.RootPath())
	return err
}

// object is what the workspace says about a path.
type object struct {
	ID   int64  `json:"object_id"`
	Type string `json:"object_type"`
}

func (s *session) status(ctx context.Context, path string) (object, error) {
	var o object
	err := s.client.get(ctx, "/api/2.0/workspace/get-status", url.Values{"path": {path}, "return_export_info": {"true"}}, &o)
	return o, err
}

func (s *session) mkdirs(ctx context.Context, path string) error {
	return s.client.post(ctx, "/api/2.0/workspace/mkdirs", map[string]string{"path": path}, nil)
}

// usable is a folder, made when it is not there.
func (s *session) usable(ctx context.Context, path string) (object, error) {
	o, err := s.status(ctx, path)
	if !missing(err) {
		return o, err
	}
	if err := s.mkdirs(ctx, path); err != nil {
		return o, err
	}
	return s.status(ctx, path)
}

// summary prints the configuration with the ids of the last deployment from
// this folder; only without one it asks the workspace.
func (s *session) summary(ctx context.Context) error {
	st, err := s.cached()
	if errors.Is(err, fs.ErrNotExist) {
		st, err = s.readState(ctx)
	}
	if err != nil {
		return err
	}
	config := s.bundle.Config.Plain().(map[string]any) //nolint:errcheck // the configuration is a mapping
	for key := range s.bundle.Jobs() {
		e, deployed := st.State[jobKey(key)]
		if !deployed {
			continue
		}
		job := at(config, "resources", "jobs", key)
		job["id"] = e.ID
		job["url"] = fmt.Sprintf("%s/jobs/%s?o=%s", s.client.host, e.ID, s.org)
	}
	if s.json() {
		return s.print(config)
	}
	_, err = fmt.Fprintf(s.out, "Name: %s\nTarget: %s\nResources:\n", s.bundle.Name(), s.bundle.Target())
	for key, job := range s.bundle.Jobs() {
		_, err = fmt.Fprintf(s.out, "  %s: %s %s\n", key, job.Get("name"), st.State[jobKey(key)].ID)
	}
	return err
}

// at follows keys through maps; what is not there is an empty map.
func at(v any, keys ...string) map[string]any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	m, ok := v.(map[string]any)
	if !ok {
		return map[string]any{}
	}
	return m
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }
