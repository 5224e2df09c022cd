-- +goose Up
-- What jobs want to find again; bytes are in a store of their own. Not events:
-- never rebuilt, never exported.
CREATE TABLE caches (
	solution   TEXT    NOT NULL,
	scope      TEXT    NOT NULL,
	version    TEXT    NOT NULL,
	key        TEXT    NOT NULL,
	digest     TEXT    NOT NULL,
	size       INTEGER NOT NULL,
	created_us INTEGER NOT NULL,
	used_us    INTEGER NOT NULL,
	PRIMARY KEY (solution, scope, version, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX caches_used ON caches (solution, used_us);
CREATE INDEX caches_digest ON caches (digest);
