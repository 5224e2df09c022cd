package sqlite

import (
	"context"
	_ "embed"
	"fmt"
)

// schema is what all migrations, the store's and those of the libraries that keep
// tables in the same database, make of a new database, in one script. A test of
// package wire makes it and compares; what a later migration adds is added by that.
//
//go:embed schema.sql
var schema string

// begin gives a new database its tables in one transaction, and reports whether
// it was new.
func (e *Engine) begin(ctx context.Context) (begun bool, err error) {
	native, err := e.write.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer native.Rollback()
	var tables int
	if err := native.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil || tables > 0 {
		return false, err
	}
	if _, err := native.ExecContext(ctx, schema); err != nil {
		return false, fmt.Errorf("begin database %q: %w", e.path, err)
	}
	return true, native.Commit()
}
