package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// Variable is one variable of the environment that a kind of identity reads.
type Variable struct {
	Name     string
	Secret   bool
	Optional bool
	// Given says that the CI system sets it by itself: left over it does no harm.
	Given bool
	// Issued says that a token of this installation's own issuer takes its place
	// when neither it nor another one of the kind that says so is set.
	Issued bool
	Text   string // what it is, for people
}

// Type is one kind of identity: a value of DATABRICKS_AUTH_TYPE.
type Type struct {
	Name string
	When string // it is the right one
	// Own says that this package speaks it; the others need `databricks api get`.
	Own bool
	// Azure says that the workspace must be one of Azure.
	Azure     bool
	Variables []Variable // beside DATABRICKS_HOST and DATABRICKS_AUTH_TYPE
}

const (
	hostName = "DATABRICKS_HOST"
	typeName = "DATABRICKS_AUTH_TYPE"
	// tokenNameName is the variable that names another one.
	tokenNameName = "DATABRICKS_OIDC_TOKEN_ENV"
	tokenName     = "DATABRICKS_OIDC_TOKEN"
)

var (
	clientID     = Variable{Name: "DATABRICKS_CLIENT_ID", Text: "application id of the service principal"}
	audience     = Variable{Name: "DATABRICKS_TOKEN_AUDIENCE", Optional: true, Text: "audience of the federation policy, when it is not the token endpoint"}
	requestURL   = Variable{Name: "ACTIONS_ID_TOKEN_REQUEST_URL", Given: true, Text: "set in jobs with the permission id-token: write"}
	requestToken = Variable{Name: "ACTIONS_ID_TOKEN_REQUEST_TOKEN", Secret: true, Given: true, Text: "set in jobs with the permission id-token: write"}
	tenant       = Variable{Name: "ARM_TENANT_ID", Text: "id of the Entra tenant"}
	armClient    = Variable{Name: "ARM_CLIENT_ID", Text: "application id of the Entra application or managed identity"}
	azureID      = Variable{Name: "DATABRICKS_AZURE_RESOURCE_ID", Optional: true, Text: "Azure resource id of the workspace"}
	azureCloud   = Variable{Name: "ARM_ENVIRONMENT", Optional: true, Text: "cloud: public, usgovernment or china"}
)

// types is the list. To add one: a line here, and a case of AuthOf when this
// package speaks it.
var types = []Type{
	{Name: "pat", When: "a first try only: a token that lives long and is a person's", Own: true, Variables: []Variable{
		{Name: "DATABRICKS_TOKEN", Secret: true, Text: "personal access token"},
	}},
	{Name: "oauth-m2m", When: "a service principal, where no identity token can be had", Own: true, Variables: []Variable{
		clientID, {Name: "DATABRICKS_CLIENT_SECRET", Secret: true, Text: "OAuth secret of the service principal"},
	}},
	{Name: "github-oidc", When: "jobs of GitHub Actions, and of this project's runner with its issuer", Own: true, Variables: []Variable{
		clientID, requestURL, requestToken, audience,
	}},
	{Name: "file-oidc", When: "an issuer that writes a file: Kubernetes", Own: true, Variables: []Variable{
		clientID, {Name: "DATABRICKS_OIDC_TOKEN_FILEPATH", Text: "file with the identity token, without a line end"},
	}},
	{Name: "env-oidc", When: "this project's own issuer, or one that sets a variable: GitLab", Own: true, Variables: []Variable{
		clientID,
		{Name: tokenName, Secret: true, Issued: true, Text: "identity token"},
		{Name: tokenNameName, Optional: true, Text: "name of the variable with the identity token, when it is another one"},
		audience,
	}},
	{Name: "github-oidc-azure", When: "an Entra application that trusts this project's own issuer, or GitHub's in its jobs", Own: true, Azure: true, Variables: []Variable{
		tenant, armClient, issued(requestURL), issued(requestToken), azureCloud,
	}},
	{Name: "azure-client-secret", When: "an Entra application, where no identity token can be had", Azure: true, Variables: []Variable{
		tenant, armClient, {Name: "ARM_CLIENT_SECRET", Secret: true, Text: "secret of the Entra application"}, azureID, azureCloud,
	}},
	{Name: "azure-cli", When: "a person's own machine, after az login", Azure: true, Variables: []Variable{
		optional(tenant), azureID, azureCloud,
	}},
	{Name: "azure-msi", When: "virtual machines of Azure with a managed identity", Azure: true, Variables: []Variable{
		{Name: "ARM_USE_MSI", Text: "value true"}, optional(armClient), azureID, azureCloud,
	}},
	{Name: "azure-devops-oidc", When: "Azure Pipelines", Variables: []Variable{
		clientID,
		{Name: "SYSTEM_ACCESSTOKEN", Secret: true, Given: true, Text: "map it into the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)"},
		pipeline("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"), pipeline("SYSTEM_PLANID"), pipeline("SYSTEM_JOBID"), pipeline("SYSTEM_TEAMPROJECTID"), pipeline("SYSTEM_HOSTTYPE"),
		audience,
	}},
}

// others are further variables by which a tool of Databricks finds an identity
// that nobody chose here.
var others = []string{
	"DATABRICKS_ACCOUNT_ID", "DATABRICKS_CONFIG_FILE", "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_GOOGLE_SERVICE_ACCOUNT", "DATABRICKS_METADATA_SERVICE_URL",
	"DATABRICKS_PASSWORD", "DATABRICKS_USERNAME", "GOOGLE_CREDENTIALS",
}

func optional(v Variable) Variable {
	v.Optional = true
	return v
}

func issued(v Variable) Variable {
	v.Issued = true
	return v
}

func pipeline(name string) Variable {
	return Variable{Name: name, Given: true, Text: "set in Azure Pipelines"}
}

// Types lists every kind of identity.
func Types() []Type { return slices.Clone(types) }

// typeOf is the kind of a name.
func typeOf(name string) (Type, bool) {
	i := slices.IndexFunc(types, func(t Type) bool { return t.Name == name })
	if i < 0 {
		return Type{}, false
	}
	return types[i], true
}

// variables are those of a kind as an environment has them: for env-oidc the one
// that DATABRICKS_OIDC_TOKEN_ENV names is the token.
func (t Type) variables(env map[string]string) []Variable {
	list := slices.Clone(t.Variables)
	if t.Name == "env-oidc" && env[tokenNameName] != "" {
		for i := range list {
			if list[i].Name == tokenName {
				list[i].Name = env[tokenNameName]
			}
		}
	}
	return append([]Variable{{Name: hostName, Text: "https address of the workspace"}, {Name: typeName, Text: "kind of identity"}}, list...)
}

// issues says whether an environment leaves the token to this installation's issuer.
func (t Type) issues(env map[string]string) bool {
	if env[tokenNameName] != "" {
		return false
	}
	any := false
	for _, v := range t.Variables {
		if v.Issued && env[v.Name] != "" {
			return false
		}
		any = any || v.Issued
	}
	return any
}

// Finding is one thing about an environment that a person should change.
type Finding struct {
	Variable string
	Problem  string
	Fix      string
	Refuses  bool // nothing can be deployed or read back with it
}

func (f Finding) String() string { return f.Variable + ": " + f.Problem + ": " + f.Fix }

// Check says what is wrong with the identity that an environment describes, all of
// it: a kind that is missing or unknown, variables that are missing, that have a
// blank or line end around them, or that belong to another kind. No value of a
// variable is in a finding, but for DATABRICKS_AUTH_TYPE.
func Check(env map[string]string) []Finding {
	t, out := checkType(env)
	if t.Name == "" {
		return out
	}
	own, issues := t.variables(env), t.issues(env)
	for _, v := range own {
		if issues && v.Issued {
			continue
		}
		if f, bad := checkVariable(v, env[v.Name]); bad {
			out = append(out, f)
		}
	}
	if host := env[hostName]; host != "" {
		base, err := checkHost(host)
		u, _ := url.Parse(base)
		switch {
		case err != nil:
			out = append(out, Finding{hostName, "is no https://HOST", fault.HintOf(err), true})
		case t.Azure && !azureHost(u.Hostname()):
			out = append(out, Finding{hostName, "is no workspace of Azure, which " + t.Name + " needs", "use a host that ends in .azuredatabricks.net, or another kind of identity", true})
		}
	}
	if t.Name == "azure-msi" && env["ARM_USE_MSI"] != "" && env["ARM_USE_MSI"] != "true" {
		out = append(out, Finding{"ARM_USE_MSI", "is not true", "set it to true", true})
	}
	if cloud := env[azureCloud.Name]; t.Azure && cloud != "" && authorities[strings.ToLower(cloud)] == "" {
		out = append(out, Finding{azureCloud.Name, "names no cloud", "set it to public, usgovernment or china", true})
	}
	return append(out, left(env, own, t)...)
}

func checkType(env map[string]string) (Type, []Finding) {
	name := env[typeName]
	t, ok := typeOf(name)
	if ok {
		return t, nil
	}
	var names []string
	for _, t := range types {
		names = append(names, t.Name)
	}
	known := "set it to one of " + strings.Join(names, ", ")
	if name == "" {
		return t, []Finding{{typeName, "is not set, so that a tool would guess", known, true}}
	}
	if near := fault.Nearest(name, names); near != "" {
		known = "did you mean " + near + "?"
	}
	return t, []Finding{{typeName, fmt.Sprintf("%q is no kind of identity", name), known, true}}
}

func checkVariable(v Variable, value string) (Finding, bool) {
	switch {
	case value == "" && v.Optional:
		return Finding{}, false
	case value == "" && v.Given:
		return Finding{v.Name, "is not set by the CI system", v.Text, true}, true
	case value == "":
		return Finding{v.Name, "is not set", "set it to the " + v.Text, true}, true
	case strings.TrimSpace(value) != value:
		return Finding{v.Name, "has a blank or a line end around its value", "set it again without it", true}, true
	}
	return Finding{}, false
}

// left finds variables that choose another identity than the one that is meant.
func left(env map[string]string, own []Variable, chosen Type) []Finding {
	foreign := map[string]bool{}
	for _, name := range others {
		foreign[name] = true
	}
	for _, t := range types {
		for _, v := range t.Variables {
			if !v.Given {
				foreign[v.Name] = true
			}
		}
	}
	for _, v := range own {
		delete(foreign, v.Name)
	}
	var out []Finding
	for _, name := range slices.Sorted(maps.Keys(foreign)) {
		if env[name] != "" {
			out = append(out, Finding{name, "is set, but " + chosen.Name + " does not use it; a tool that sees both refuses or takes the wrong one", "remove it from this environment", false})
		}
	}
	return out
}

func azureHost(host string) bool {
	return loopback(host) || slices.ContainsFunc([]string{".azuredatabricks.net", ".databricks.azure.us", ".databricks.azure.cn"}, func(s string) bool { return strings.HasSuffix(host, s) })
}

// refused gives what Check finds as one error, nil when nothing stands in the way.
func refused(findings []Finding) error {
	var all []error
	fix := ""
	for _, f := range findings {
		if f.Refuses {
			all = append(all, errors.New(f.Variable+" "+f.Problem))
			fix = cmp.Or(fix, f.Variable+": "+f.Fix)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Msg: "identity of the environment", Hint: fix, Err: errors.Join(all...)}
}

// Handed is what a tool of Databricks is started with, beside what every program
// needs.
type Handed struct {
	Variables map[string]string // and no other DATABRICKS_, ARM_, AZURE_ or SYSTEM_ one
	Secrets   []Secret          // those of the values that nobody may see; for Redact
}

// Hand chooses from an environment what the kind of identity needs, and nothing
// else: what is left over of another kind is left out. It is refused when Check
// finds something that stands in the way.
func Hand(env map[string]string) (Handed, error) {
	if err := refused(Check(env)); err != nil {
		return Handed{}, err
	}
	t, _ := typeOf(env[typeName])
	out := Handed{Variables: map[string]string{}}
	for _, v := range t.variables(env) {
		value := env[v.Name]
		if value == "" {
			continue
		}
		out.Variables[v.Name] = value
		if v.Secret {
			out.Secrets = append(out.Secrets, Secret(value))
		}
	}
	return out, nil
}

// AuthOf is the identity that an environment describes, by its
// DATABRICKS_AUTH_TYPE and never by guessing; issue is this installation's issuer,
// nil for none. ErrForeign is the error for the kinds that only the CLI speaks: see
// Config.Via.
func AuthOf(env map[string]string, issue Issuer) (Auth, error) {
	h, err := Hand(env)
	if err != nil {
		return nil, err
	}
	v := h.Variables
	t, _ := typeOf(v[typeName])
	github := Subject(GitHub{v[requestURL.Name], Secret(v[requestToken.Name])})
	token := Subject(TokenValue{Secret(v[cmp.Or(v[tokenNameName], tokenName)])})
	if t.issues(env) {
		if issue == nil {
			return nil, fault.New(fault.Invalid, "%s without a token: there is no issuer here that gives one", t.Name)
		}
		github, token = issue, issue
	}
	federated := Federated{ClientID: v[clientID.Name], Audience: v[audience.Name]}
	switch t.Name {
	case "pat":
		return PAT{Secret(v["DATABRICKS_TOKEN"])}, nil
	case "oauth-m2m":
		return M2M{v[clientID.Name], Secret(v["DATABRICKS_CLIENT_SECRET"])}, nil
	case "github-oidc-azure":
		return Entra{Authority: authorities[strings.ToLower(v[azureCloud.Name])], Tenant: v[tenant.Name], ClientID: v[armClient.Name], Subject: github}, nil
	case "github-oidc":
		federated.Subject = github
	case "file-oidc":
		federated.Subject = TokenFile(v["DATABRICKS_OIDC_TOKEN_FILEPATH"])
	case "env-oidc":
		federated.Subject = token
	default:
		return nil, ErrForeign
	}
	return federated, nil
}

// ErrForeign is the answer of AuthOf for an identity that only the Databricks CLI
// speaks.
var ErrForeign = errors.New("the identity is of a kind that only the Databricks CLI speaks")

// Hand chooses from an environment what a program needs for the identity of the
// client, like the function of this name, and adds what this installation's issuer
// gives instead of a secret: its token for env-oidc, which the program exchanges
// itself. For github-oidc-azure the program would ask a job's server for one, which
// nobody is here, so it is given the access token of Entra that this client got, as
// the bearer token that it is (pat).
func (c *Client) Hand(ctx context.Context, env map[string]string) (Handed, error) {
	t, _ := typeOf(env[typeName])
	a, ok := c.get.(*api)
	if !ok || !t.issues(env) {
		return Hand(env)
	}
	env = maps.Clone(env)
	if f, ok := a.auth.(Federated); ok {
		endpoint, err := a.door.endpoint(ctx, a.host)
		if err != nil {
			return Handed{}, err
		}
		token, err := f.Subject.token(ctx, a.door, cmp.Or(f.Audience, endpoint))
		if err != nil {
			return Handed{}, err
		}
		env[tokenName] = string(token)
		return Hand(env)
	}
	token, err := a.tokens.get(ctx)
	if err != nil {
		return Handed{}, err
	}
	return Hand(map[string]string{hostName: env[hostName], typeName: "pat", "DATABRICKS_TOKEN": string(token)})
}
