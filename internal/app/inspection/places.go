package inspection

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// places are the deployments that the published streams of environments tell of,
// in their order.
func places(folder map[string][]byte) ([]document.InspectedPlace, error) {
	type deployed struct {
		document.InspectedPlace
		seq int64
	}
	var found []deployed
	for _, name := range sorted(folder) {
		if !strings.HasPrefix(name, "ledger/") || !strings.Contains(name, "/environment~") {
			continue
		}
		var s releaselog.Stream
		if err := canonical.Unmarshal(folder[name], &s); err != nil {
			return nil, err
		}
		for _, r := range s.Records {
			e, err := event.Open(r)
			if err != nil {
				return nil, err
			}
			if d, ok := e.Data.(*deployment.Deployed); ok {
				found = append(found, deployed{document.InspectedPlace{Environment: d.Environment, Version: cmp.Or(d.Version, "commit "+d.Commit), At: e.Time, Tree: d.Tree}, e.Seq})
			}
		}
	}
	slices.SortFunc(found, func(a, b deployed) int { return cmp.Compare(a.seq, b.seq) })
	var out []document.InspectedPlace
	for _, d := range found {
		out = append(out, d.InspectedPlace)
	}
	return out, nil
}
