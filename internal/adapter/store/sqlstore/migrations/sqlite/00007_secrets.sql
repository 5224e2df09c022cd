-- +goose Up
-- Not events: never rebuilt, never exported. A box is a value that is sealed with
-- a key outside of the database; environment is '' for the solution's own secrets.
CREATE TABLE secret_values (
	solution    TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	key         TEXT    NOT NULL,
	box         BLOB    NOT NULL,
	PRIMARY KEY (solution, environment, name)
) STRICT, WITHOUT ROWID;
