-- +goose Up
-- Not events: never rebuilt, never exported.
CREATE TABLE secret_ceremonies (
	ceremony   TEXT    PRIMARY KEY,
	person     TEXT    NOT NULL,
	operation  TEXT    NOT NULL,
	request    BLOB    NOT NULL,
	method     TEXT    NOT NULL,
	payload    BLOB    NOT NULL,
	expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
