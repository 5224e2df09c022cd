package sqlstore

import (
	"embed"
	"io/fs"
)

//go:embed migrations
var migrations embed.FS

// SQLiteMigrations are the migrations in SQLite's dialect.
func SQLiteMigrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}
