// Package databricks_test drives the sandbox's workspace with Databricks' own SDK
// for Go: that what the sandbox answers is understood by a client which we did not
// write. It says nothing about what a real workspace does beside it.
package databricks_test

//lint:file-ignore SA1019 a bundle deployment uses the endpoints that the SDK begins to replace

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/catalog"
	"github.com/databricks/databricks-sdk-go/service/iam"
	"github.com/databricks/databricks-sdk-go/service/jobs"
	"github.com/databricks/databricks-sdk-go/service/workspace"
	"github.com/go-jose/go-jose/v4"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/oidcissuer"
)

const (
	token   = "dapi-ada" // #nosec G101 -- of the fake
	secret  = "s3cret"   // #nosec G101 -- of the fake
	subject = "repo:acme/sales:environment:dev"
	home    = "/Workspace/Users/ada@example.com"
)

// begin serves a workspace and connects to it. The caller says how it signs in.
func begin(t *testing.T, c fakeworkspace.Config, as *databricks.Config) (*fakeworkspace.Workspace, *databricks.WorkspaceClient) {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // no profile of this machine
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "DATABRICKS_") || strings.HasPrefix(name, "ARM_") {
			t.Setenv(name, "")
		}
	}
	c.Org = 4711
	c.Tokens = []fakeworkspace.Token{{Secret: token, Principal: fakeworkspace.Principal{UserName: "ada@example.com"}}}
	c.Clients = []fakeworkspace.Client{{ID: "sp-dev", Secret: secret}}
	c.Catalogs = []fakeworkspace.Catalog{{Name: "dev_sales", Schemas: []string{"raw", "mart"}}, {Name: "shared"}}
	fake := fakeworkspace.New(c)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	as.Host = server.URL
	client, err := databricks.NewWorkspaceClient(as)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, r := range fake.Requests() {
			if r.Unknown {
				t.Errorf("the SDK asks for what the sandbox does not know: %s %s", r.Method, r.Path)
			}
		}
	})
	return fake, client
}

func pat(t *testing.T) (*fakeworkspace.Workspace, *databricks.WorkspaceClient) {
	t.Helper()
	return begin(t, fakeworkspace.Config{}, &databricks.Config{Token: token, AuthType: "pat"})
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	fake, w := pat(t)
	ctx := t.Context()
	check(t, w.Workspace.MkdirsByPath(ctx, home+"/b/deep"))
	put := func(path, text string, o ...workspace.UploadOption) error {
		return w.Workspace.Upload(ctx, path, strings.NewReader(text), append(o, workspace.UploadFormat(workspace.ImportFormatAuto))...)
	}
	check(t, put(home+"/b/one.py", "1"))
	check(t, put(home+"/b/deep/two.py", "2"))
	if err := put(home+"/b/one.py", "x"); !errors.Is(err, apierr.ErrResourceAlreadyExists) {
		t.Errorf("a second import: %v", err)
	}
	check(t, put(home+"/b/one.py", "\x00raw", workspace.UploadOverwrite()))
	if err := put(home+"/none/one.py", "x"); !errors.Is(err, apierr.ErrNotFound) {
		t.Errorf("no parent: %v", err)
	}
	r := must(w.Workspace.Download(ctx, home+"/b/one.py"))(t)
	if got := string(must(io.ReadAll(r))(t)); got != "\x00raw" {
		t.Errorf("download: %q", got)
	}
	check(t, r.Close())
	var paths []string
	for _, o := range must(w.Workspace.RecursiveList(ctx, home+"/b"))(t) {
		paths = append(paths, string(o.ObjectType)+" "+o.Path)
	}
	slices.Sort(paths)
	if want := []string{"FILE " + home + "/b/deep/two.py", "FILE " + home + "/b/one.py"}; !slices.Equal(paths, want) {
		t.Errorf("list: %v", paths)
	}
	if o := must(w.Workspace.GetStatusByPath(ctx, home+"/b/one.py"))(t); o.ObjectType != workspace.ObjectTypeFile || o.Size != 4 || o.ObjectId == 0 || o.ResourceId == "" {
		t.Errorf("status: %+v", o)
	}
	if err := w.Workspace.Delete(ctx, workspace.Delete{Path: home + "/b"}); err == nil {
		t.Error("a folder that is not empty is deleted")
	}
	check(t, w.Workspace.Delete(ctx, workspace.Delete{Path: home + "/b", Recursive: true}))
	if _, err := w.Workspace.GetStatusByPath(ctx, home+"/b"); !errors.Is(err, apierr.ErrResourceDoesNotExist) {
		t.Errorf("after delete: %v", err)
	}
	if left := fake.Files(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func settings() jobs.CreateJob {
	return jobs.CreateJob{
		Name: "sales", Tags: map[string]string{"git-commit": "abc"}, MaxConcurrentRuns: 1,
		Schedule: &jobs.CronSchedule{QuartzCronExpression: "0 0 6 * * ?", TimezoneId: "UTC", PauseStatus: jobs.PauseStatusUnpaused},
		RunAs:    &jobs.JobRunAs{ServicePrincipalName: "sp-dev"},
		Tasks: []jobs.Task{
			{TaskKey: "load", PythonWheelTask: &jobs.PythonWheelTask{PackageName: "sales", EntryPoint: "load"}},
			{TaskKey: "mart", DependsOn: []jobs.TaskDependency{{TaskKey: "load"}}},
		},
	}
}

func TestJobs(t *testing.T) {
	_, w := pat(t)
	ctx := t.Context()
	id := must(w.Jobs.Create(ctx, settings()))(t).JobId
	j := must(w.Jobs.Get(ctx, jobs.GetJobRequest{JobId: id}))(t)
	if s := j.Settings; j.CreatorUserName != "ada@example.com" || j.RunAsUserName != "sp-dev" || s.Name != "sales" || len(s.Tasks) != 2 ||
		s.Tasks[0].PythonWheelTask.EntryPoint != "load" || s.Schedule.PauseStatus != jobs.PauseStatusUnpaused || s.Tags["git-commit"] != "abc" {
		t.Errorf("job: %+v", j)
	}
	check(t, w.Jobs.Reset(ctx, jobs.ResetJob{JobId: id, NewSettings: jobs.JobSettings{Name: "sales", Tags: map[string]string{"git-commit": "def"}}}))
	if s := must(w.Jobs.Get(ctx, jobs.GetJobRequest{JobId: id}))(t).Settings; len(s.Tasks) != 0 || s.Tags["git-commit"] != "def" {
		t.Errorf("after reset: %+v", s)
	}
	for range 4 {
		must(w.Jobs.Create(ctx, jobs.CreateJob{Name: "other"}))(t)
	}
	if all := must(w.Jobs.ListAll(ctx, jobs.ListJobsRequest{Limit: 2}))(t); len(all) != 5 {
		t.Errorf("list: %d", len(all))
	}
	if named := must(w.Jobs.ListAll(ctx, jobs.ListJobsRequest{Name: "sales"}))(t); len(named) != 1 || named[0].JobId != id {
		t.Errorf("list by name: %+v", named)
	}
	check(t, w.Jobs.DeleteByJobId(ctx, id))
	if _, err := w.Jobs.Get(ctx, jobs.GetJobRequest{JobId: id}); !errors.Is(err, apierr.ErrResourceDoesNotExist) {
		t.Errorf("after delete: %v", err)
	}
	many := jobs.CreateJob{Name: "many"}
	for i := range 230 {
		many.Tasks = append(many.Tasks, jobs.Task{TaskKey: "t" + strconv.Itoa(i)})
	}
	if s := must(w.Jobs.Get(ctx, jobs.GetJobRequest{JobId: must(w.Jobs.Create(ctx, many))(t).JobId}))(t).Settings; len(s.Tasks) != 230 {
		t.Errorf("tasks of a large job: %d", len(s.Tasks))
	}
}

func TestRuns(t *testing.T) {
	fake, w := pat(t)
	ctx := t.Context()
	id := must(w.Jobs.Create(ctx, settings()))(t).JobId
	run := must(must(w.Jobs.RunNow(ctx, jobs.RunNow{JobId: id}))(t).Get())(t)
	if run.State.ResultState != jobs.RunResultStateSuccess || len(run.Tasks) != 2 || run.NumberInJob != 1 || !strings.Contains(run.RunPageUrl, "o=4711") {
		t.Errorf("run: %+v", run)
	}
	check(t, fake.FailRuns(fakeworkspace.FailingRun{Job: "sales", Task: "load", Message: "no rows", Times: 1}))
	must(must(w.Jobs.RunNow(ctx, jobs.RunNow{JobId: id}))(t).Get())(t)
	all := must(w.Jobs.ListRunsAll(ctx, jobs.ListRunsRequest{JobId: id, Limit: 1}))(t)
	if len(all) != 2 || all[0].State.ResultState != jobs.RunResultStateFailed {
		t.Fatalf("runs: %+v", all)
	}
	failed := must(w.Jobs.GetRun(ctx, jobs.GetRunRequest{RunId: all[0].RunId}))(t)
	if failed.Tasks[1].State.ResultState != jobs.RunResultStateUpstreamFailed {
		t.Errorf("what depends on it: %+v", failed.Tasks[1].State)
	}
	if out := must(w.Jobs.GetRunOutputByRunId(ctx, failed.Tasks[0].RunId))(t); out.Error != "no rows" || out.Metadata.State.ResultState != jobs.RunResultStateFailed {
		t.Errorf("output: %+v", out)
	}
	active := must(fake.TamperRun(id))(t)
	if now := must(w.Jobs.ListRunsAll(ctx, jobs.ListRunsRequest{JobId: id, ActiveOnly: true}))(t); len(now) != 1 || now[0].RunId != active || now[0].State.LifeCycleState != jobs.RunLifeCycleStateRunning {
		t.Errorf("active: %+v", now)
	}
}

func TestPermissions(t *testing.T) {
	_, w := pat(t)
	ctx := t.Context()
	id := strconv.FormatInt(must(w.Jobs.Create(ctx, settings()))(t).JobId, 10)
	want := []string{"team CAN_VIEW false", "ada@example.com IS_OWNER false", "admins CAN_MANAGE true"}
	flat := func(p *iam.ObjectPermissions) (out []string) {
		for _, a := range p.AccessControlList {
			for _, r := range a.AllPermissions {
				out = append(out, a.UserName+a.GroupName+a.ServicePrincipalName+" "+string(r.PermissionLevel)+" "+strconv.FormatBool(r.Inherited))
			}
		}
		return out
	}
	set := must(w.Permissions.Set(ctx, iam.SetObjectPermissions{
		RequestObjectType: "jobs", RequestObjectId: id,
		AccessControlList: []iam.AccessControlRequest{{GroupName: "team", PermissionLevel: iam.PermissionLevelCanView}},
	}))(t)
	read := must(w.Permissions.Get(ctx, iam.GetPermissionRequest{RequestObjectType: "jobs", RequestObjectId: id}))(t)
	for _, p := range []*iam.ObjectPermissions{set, read} {
		if got := flat(p); !slices.Equal(got, want) || p.ObjectId != "/jobs/"+id || p.ObjectType != "job" {
			t.Errorf("permissions: %v of %s %s", got, p.ObjectType, p.ObjectId)
		}
	}
	if p := must(w.Jobs.GetPermissionsByJobId(ctx, id))(t); len(p.AccessControlList) != 3 {
		t.Errorf("by the Jobs API: %+v", p)
	}
	dir := must(w.Workspace.GetStatusByPath(ctx, home))(t)
	folder := must(w.Permissions.Update(ctx, iam.UpdateObjectPermissions{
		RequestObjectType: "directories", RequestObjectId: strconv.FormatInt(dir.ObjectId, 10),
		AccessControlList: []iam.AccessControlRequest{{ServicePrincipalName: "sp-dev", PermissionLevel: iam.PermissionLevelCanManage}},
	}))(t)
	if got := flat(folder); got[0] != "sp-dev CAN_MANAGE false" || folder.ObjectType != "directory" {
		t.Errorf("folder: %v", got)
	}
}

func TestCatalogs(t *testing.T) {
	_, w := pat(t)
	ctx := t.Context()
	if k := must(w.Catalogs.GetByName(ctx, "dev_sales"))(t); k.Name != "dev_sales" {
		t.Errorf("catalog: %+v", k)
	}
	if all := must(w.Catalogs.ListAll(ctx, catalog.ListCatalogsRequest{MaxResults: 1}))(t); len(all) != 2 {
		t.Errorf("catalogs: %+v", all)
	}
	if s := must(w.Schemas.GetByFullName(ctx, "dev_sales.raw"))(t); s.CatalogName != "dev_sales" || s.Name != "raw" {
		t.Errorf("schema: %+v", s)
	}
	if all := must(w.Schemas.ListAll(ctx, catalog.ListSchemasRequest{CatalogName: "dev_sales"}))(t); len(all) != 2 {
		t.Errorf("schemas: %+v", all)
	}
	for _, err := range []error{second(w.Catalogs.GetByName(ctx, "prd")), second(w.Schemas.GetByFullName(ctx, "dev_sales.gold"))} {
		if !errors.Is(err, apierr.ErrNotFound) {
			t.Errorf("what is not there: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAClientSignsIn(t *testing.T) {
	_, w := begin(t, fakeworkspace.Config{}, &databricks.Config{ClientID: "sp-dev", ClientSecret: secret, AuthType: "oauth-m2m"})
	if me := must(w.CurrentUser.Me(t.Context()))(t); me.UserName != "sp-dev" || me.Id == "" {
		t.Errorf("me: %+v", me)
	}
	if id := must(w.CurrentWorkspaceID(t.Context()))(t); id != 4711 {
		t.Errorf("workspace id: %d", id)
	}
	_, w = begin(t, fakeworkspace.Config{}, &databricks.Config{ClientID: "sp-dev", ClientSecret: "another", AuthType: "oauth-m2m"})
	if _, err := w.CurrentUser.Me(t.Context()); err == nil {
		t.Error("another secret is accepted")
	}
}

func TestATokenOfOurIssuerIsExchanged(t *testing.T) {
	key := oidcissuer.Key{ID: "k1", Private: must(rsa.GenerateKey(rand.Reader, 2048))(t), Created: time.Now()}
	issuer := must(oidcissuer.New("https://release.example.com", []oidcissuer.Key{key}, time.Now, rand.Text))(t)
	file := filepath.Join(t.TempDir(), "token")
	policy := fakeworkspace.Policy{
		ClientID: "sp-dev", Issuer: issuer.URL(), Subject: subject, Audiences: []string{"workspace"},
		Keys: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Private.Public(), KeyID: key.ID, Algorithm: "RS256", Use: "sig"}}},
	}
	for _, c := range []struct {
		subject string
		ok      bool
	}{{subject, true}, {"repo:acme/sales:environment:prd", false}} {
		jwt := must(issuer.Issue(map[string]string{"sub": c.subject}, "workspace"))(t)
		check(t, os.WriteFile(file, []byte(jwt), 0o600))
		as := &databricks.Config{ClientID: "sp-dev", OIDCTokenFilepath: file, TokenAudience: "workspace", AuthType: "file-oidc"}
		_, w := begin(t, fakeworkspace.Config{Federation: []fakeworkspace.Policy{policy}}, as)
		me, err := w.CurrentUser.Me(t.Context())
		if c.ok != (err == nil) || (c.ok && me.UserName != "sp-dev") {
			t.Errorf("%s: %+v %v", c.subject, me, err)
		}
	}
}

func TestFaults(t *testing.T) {
	fake, w := pat(t)
	ctx := t.Context()
	check(t, fake.Fail(fakeworkspace.Fault{Path: "/api/2.2/jobs/list", Status: 429, Retry: 1, Times: 1}))
	must(w.Jobs.ListAll(ctx, jobs.ListJobsRequest{}))(t) // the SDK waits and asks again
	check(t, fake.Fail(fakeworkspace.Fault{Path: "*/scim/v2/Me", Status: 403, Times: 1}))
	if _, err := w.CurrentUser.Me(ctx); !errors.Is(err, apierr.ErrPermissionDenied) {
		t.Errorf("403: %v", err)
	}
	check(t, fake.Fail(fakeworkspace.Fault{Path: "*/scim/v2/Me", Status: 401, Times: 1}))
	if _, err := w.CurrentUser.Me(ctx); !errors.Is(err, apierr.ErrUnauthenticated) {
		t.Errorf("401: %v", err)
	}
}
