-- +goose Up
-- Which execution of a run's attempt has the name of an artifact. Not events:
-- never rebuilt, never exported.
CREATE TABLE artifact_names (
	run       TEXT    NOT NULL,
	attempt   INTEGER NOT NULL,
	name      TEXT    NOT NULL,
	execution TEXT    NOT NULL,
	digest    TEXT    NOT NULL,
	PRIMARY KEY (run, attempt, name)
) STRICT, WITHOUT ROWID;
