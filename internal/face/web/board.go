package web

import (
	"net/http"
	"slices"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// board is what runs where, one row for each solution.
type board struct {
	Solutions []boardRow
	Waiting   int // signatures that the person can give
	Runs      []inspect.Run
}

type boardRow struct {
	Solution string
	Profile  string
	Places   []boardPlace
}

type boardPlace struct {
	Place string
	*inspect.Environment
}

// boardRuns is how many runs the board shows.
const boardRuns = 8

func (s *Site) board(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	solutions, err := ask[[]policy.Solution](s, r, "solution.list", operation.None{})
	if err != nil {
		return err
	}
	there, err := ask[[]inspect.Environment](s, r, "environment.list", inspect.AsOf{})
	if err != nil {
		return err
	}
	var b board
	for _, x := range solutions {
		row := boardRow{Solution: x.Solution, Profile: string(x.Profile)}
		for _, place := range policy.Places {
			if _, ok := x.Environments[place]; !ok {
				continue
			}
			p := boardPlace{Place: place}
			if n := slices.IndexFunc(there, func(e inspect.Environment) bool { return e.Solution == x.Solution && e.Environment == place }); n >= 0 {
				p.Environment = &there[n]
			}
			row.Places = append(row.Places, p)
		}
		b.Solutions = append(b.Solutions, row)
	}
	own, err := ask[inspect.Signatures](s, r, "signature.list", operation.Login{Login: who.Login})
	if err != nil {
		return err
	}
	for _, x := range own.Waiting {
		if len(x.Refused) == 0 {
			b.Waiting++
		}
	}
	if b.Runs, err = ask[[]inspect.Run](s, r, "run.list", inspect.RunsQuery{Last: boardRuns}); err != nil {
		return err
	}
	slices.Reverse(b.Runs)
	return s.show(w, r, http.StatusOK, "Overview", boardPage(b))
}
