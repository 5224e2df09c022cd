package demo

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// administrator is the login of the first person.
const administrator = "admin"

// engineer is the author of the product.
var engineer = player{Login: "ada", Name: "Ada Nielsen", Role: policy.DataEngineer, Email: "ada@corp-procurement.example"}

// roster is who plays. Several people hold each signing role, because a code
// signs once and a release wants different people.
var roster = []player{
	engineer,
	{Login: "cleo", Name: "Cleo Andersen", Role: policy.SME},
	{Login: "sven", Name: "Sven Holm", Role: policy.SME},
	{Login: "maja", Name: "Maja Lund", Role: policy.SME},
	{Login: "omar", Name: "Omar Haddad", Role: policy.SME},
	{Login: "quinn", Name: "Quinn Berg", Role: policy.QC},
	{Login: "rosa", Name: "Rosa Vidal", Role: policy.QC},
	{Login: "tara", Name: "Tara Singh", Role: policy.QC},
	{Login: "emil", Name: "Emil Dahl", Role: policy.QC},
	{Login: "nina", Name: "Nina Falk", Role: policy.QC},
	{Login: "vera", Name: "Vera Krag", Role: policy.QC, Reviews: true},
	{Login: "rune", Name: "Rune Krog", Role: policy.ReleaseManager},
	{Login: "lars", Name: "Lars Toft", Role: policy.ReleaseManager},
	{Login: "ida", Name: "Ida Skov", Role: policy.ReleaseManager},
	{Login: "dora", Name: "Dora Weiss", Role: policy.DataProductOwner},
	{Login: "paul", Name: "Paul Meyer", Role: policy.DataProductOwner},
	{Login: "tom", Name: "Tom Friis", Role: policy.Tester},
	{Login: "bea", Name: "Bea Lind", Role: policy.Tester},
}

// player is one person of the demo with what proves presence.
type player struct {
	Login    string      `json:"login"`
	Name     string      `json:"name"`
	Role     policy.Role `json:"role"`
	Email    string      `json:"email,omitempty"`
	Reviews  bool        `json:"reviews,omitempty"` // the audit trail, and nothing else
	Password string      `json:"password"`
	Seed     string      `json:"totp_seed"`
}

// cast is everybody with their factors, and whose code was used when.
type cast struct {
	Persons []player `json:"persons"`
	used    map[string]int64
}

func newPassword() (string, error) {
	raw := make([]byte, 18)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// people adds everybody through the ordinary operations.
func (s *show) people(ctx context.Context) error {
	s.cast = &cast{used: map[string]int64{}}
	first := player{Login: administrator, Name: "Alma Ravn", Role: policy.Administrator}
	if err := s.join(ctx, first, "person.bootstrap"); err != nil {
		return err
	}
	for _, p := range roster {
		if err := s.join(ctx, p, "person.add"); err != nil {
			return fmt.Errorf("add %s: %w", p.Login, err)
		}
	}
	raw, err := json.MarshalIndent(s.cast, "", "  ")
	if err != nil {
		return err
	}
	s.say("%d people joined; their factors are in %s", len(s.cast.Persons), s.path("credentials.json"))
	return os.WriteFile(s.path("credentials.json"), append(raw, '\n'), 0o600)
}

func (s *show) join(ctx context.Context, p player, op string) (err error) {
	if p.Password, err = newPassword(); err != nil {
		return err
	}
	by := operation.ByAdministrator{As: administrator, Reason: "joins the demo"}
	added, err := ask[person.Added](ctx, s, op, operation.NewPerson{ByAdministrator: by, Login: p.Login, Name: p.Name, Password: p.Password})
	if err != nil {
		return err
	}
	p.Seed = added.Seed
	s.cast.Persons = append(s.cast.Persons, p)
	if p.Role == policy.Administrator {
		return nil
	}
	change := operation.ChangePerson{ByAdministrator: by, Login: p.Login, Grant: policy.Grant{Role: p.Role, Solution: solution}, Email: p.Email}
	if _, err := ask[operation.None](ctx, s, "role.grant", change); err != nil {
		return err
	}
	if p.Email != "" {
		if _, err := ask[operation.None](ctx, s, "person.map", change); err != nil {
			return err
		}
	}
	if !p.Role.Signs() {
		return nil
	}
	return s.prepare(ctx, p, change)
}

// margin is how long a code that is sent stays good at least.
const margin = 10 * time.Second

// prepare does what comes before a first signature. The statement is accepted
// with the code of the period before as long as it is good, so that the present
// one is left.
func (s *show) prepare(ctx context.Context, p player, change operation.ChangePerson) error {
	if _, err := ask[operation.None](ctx, s, "person.check-identity", change); err != nil {
		return err
	}
	for _, procedure := range person.Asked().For(p.Role) {
		change.Training = policy.Trained{Procedure: procedure, Until: time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}
		if _, err := ask[operation.None](ctx, s, "person.train", change); err != nil {
			return err
		}
	}
	at := time.Now().Add(margin - period)
	code, err := s.Code(p.Seed, at)
	if err != nil {
		return err
	}
	s.cast.used[p.Login] = at.Unix() / int64(period/time.Second)
	_, err = ask[operation.None](ctx, s, "person.accept-statement", operation.AcceptStatement{
		By: sign.By{As: p.Login, Credentials: sign.Credentials{Password: p.Password, Code: code}},
	})
	return err
}

// period of one code.
const period = 30 * time.Second

// perform lets somebody with one of the roles act with a fresh code. Who has
// used the present code already is passed over; when everybody has, it waits
// for the next one.
func (s *show) perform(ctx context.Context, roles []policy.Role, act func(p player, c sign.Credentials) error) error {
	return s.performAs(ctx, func(p player) bool { return slices.Contains(roles, p.Role) && !p.Reviews }, act)
}

// performAs does it with those who may.
func (s *show) performAs(ctx context.Context, may func(player) bool, act func(p player, c sign.Credentials) error) error {
	for {
		now := time.Now()
		step := now.Unix() / int64(period/time.Second)
		refused := error(nil)
		for _, p := range s.cast.Persons {
			if !may(p) || s.cast.used[p.Login] >= step {
				continue
			}
			code, err := s.Code(p.Seed, now)
			if err != nil {
				return err
			}
			s.cast.used[p.Login] = step
			err = act(p, sign.Credentials{Password: p.Password, Code: code})
			if fault.KindOf(err) == fault.Forbidden {
				refused = err // signed before in another capacity, for example
				continue
			}
			return err
		}
		if refused != nil {
			return refused
		}
		wait := time.NewTimer(time.Unix((step+1)*int64(period/time.Second), 0).Sub(now))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
}

// printCode prints the present code of a demo person; as JSON it is what
// --credentials - reads.
func printCode(d Deps, dir, login string) error {
	if dir == "" {
		dir = "."
	}
	raw, err := os.ReadFile(filepath.Join(dir, "credentials.json"))
	if err != nil {
		return fault.New(fault.NotFound, "no demo in %s: %v", dir, err).WithHint("name the demo's folder with --dir")
	}
	var c cast
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("credentials.json: %w", err)
	}
	for _, p := range c.Persons {
		if p.Login != login {
			continue
		}
		code, err := d.Code(p.Seed, time.Now())
		if err != nil {
			return err
		}
		if d.Env.JSON {
			return json.NewEncoder(d.Env.Out).Encode(sign.Credentials{Password: p.Password, Code: code})
		}
		fmt.Fprintln(d.Env.Out, code)
		return nil
	}
	return fault.New(fault.NotFound, "no person %q in the demo", login)
}
