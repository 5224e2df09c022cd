package wire

import (
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/effects"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
)

var update = flag.Bool("update", false, "write the schema of a new database and the digests of the golden set")

const schemaFile = "../adapter/store/sqlite/schema.sql"

func TestANewDatabaseIsWhatAllMigrationsMake(t *testing.T) {
	migrated := dump(t, migrate(t, "CREATE TABLE older (x)"), "older")
	if *update {
		if err := os.WriteFile(schemaFile, []byte(migrated), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	file, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(migrated, string(file)); d != "" {
		t.Errorf("write it with -update; migrations and %s (-migrations +file):\n%s", schemaFile, d)
	}
	if d := diff.Diff(migrated, dump(t, migrate(t, ""))); d != "" {
		t.Errorf("migrations and a new database (-migrations +new):\n%s", d)
	}
}

// migrate makes a database. One that holds something before goes through every
// migration.
func migrate(t *testing.T, before string) *sql.DB {
	t.Helper()
	e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	if _, err := e.DB().Exec(before); err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := effects.Open(t.Context(), effects.Config{DB: e.DB(), Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	return e.DB()
}

// dump is a script that makes the tables with all that is in them, but for the
// times of migrations.
func dump(t *testing.T, db *sql.DB, without ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("-- Made by: go test ./internal/wire -run TestANewDatabase -update\n\n")
	var tables []string
	for _, row := range query(t, db, `SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'table' DESC, name`) {
		if len(without) > 0 && row[1] == without[0] {
			continue
		}
		if row[0] == "table" {
			tables = append(tables, row[1])
		}
		b.WriteString(row[2] + ";\n\n")
	}
	for _, table := range tables {
		var columns, values []string
		for _, c := range query(t, db, `SELECT name FROM pragma_table_info('`+table+`')`) {
			if c[0] == "tstamp" || c[0] == "created_at" {
				continue
			}
			columns, values = append(columns, c[0]), append(values, "quote("+c[0]+")")
		}
		for _, row := range query(t, db, fmt.Sprintf(`SELECT %s FROM %s ORDER BY %s`, strings.Join(values, ", "), table, strings.Join(columns, ", "))) {
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), strings.Join(row, ", "))
		}
	}
	return b.String()
}

func query(t *testing.T, db *sql.DB, text string) (out [][]string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row := make([]string, len(columns))
		fields := make([]any, len(columns))
		for i := range row {
			fields[i] = &row[i]
		}
		if err := rows.Scan(fields...); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}
