package install

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// protection is the flags that say what may go to the places of a solution; each
// value is PLACE=WHAT.
type protection struct{ names, branches, tags, waits []string }

func (p *protection) flags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&p.names, "place-name", nil, "PLACE=NAME: a further name that workflows call the place by, like prd=production")
	fs.StringArrayVar(&p.branches, "place-branch", nil, "PLACE=PATTERN: only these branches, and what other patterns name, may go there")
	fs.StringArrayVar(&p.tags, "place-tag", nil, "PLACE=PATTERN: only these tags, and what other patterns name, may go there")
	fs.StringArrayVar(&p.waits, "place-wait", nil, "PLACE=MINUTES: how long a job waits before it may go there")
}

func (p *protection) apply(to map[string]policy.Environment) error {
	for _, f := range []struct {
		flag   string
		values []string
		set    func(e *policy.Environment, value string) error
	}{
		{"place-name", p.names, func(e *policy.Environment, v string) error { e.Names = append(e.Names, v); return nil }},
		{"place-branch", p.branches, func(e *policy.Environment, v string) error {
			e.Protection.Branches = append(e.Protection.Branches, v)
			return nil
		}},
		{"place-tag", p.tags, func(e *policy.Environment, v string) error {
			e.Protection.Tags = append(e.Protection.Tags, v)
			return nil
		}},
		{"place-wait", p.waits, func(e *policy.Environment, v string) (err error) {
			e.Protection.WaitMinutes, err = strconv.Atoi(v)
			return err
		}},
	} {
		for _, value := range f.values {
			place, v, ok := strings.Cut(value, "=")
			e, known := to[place]
			if !ok || !known || v == "" {
				return fault.New(fault.Invalid, "--%s %q: want PLACE=VALUE of a place that --environment names", f.flag, value)
			}
			if err := f.set(&e, v); err != nil {
				return fault.New(fault.Invalid, "--%s %q: %v", f.flag, value, err)
			}
			to[place] = e
		}
	}
	return nil
}
