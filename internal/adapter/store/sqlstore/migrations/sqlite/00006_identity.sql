-- +goose Up
-- Not events: never rebuilt, never exported.
CREATE TABLE secret_links (
	sha256   TEXT    PRIMARY KEY,
	person   TEXT    NOT NULL,
	purpose  TEXT    NOT NULL,
	seed     TEXT    NOT NULL,
	since_us INTEGER NOT NULL,
	until_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_sessions (
	sha256     TEXT    PRIMARY KEY,
	person     TEXT    NOT NULL,
	data       BLOB    NOT NULL,
	expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX secret_sessions_person ON secret_sessions (person);

CREATE TABLE secret_tokens (
	token      TEXT    PRIMARY KEY,
	sha256     TEXT    NOT NULL UNIQUE,
	person     TEXT    NOT NULL,
	scopes     TEXT    NOT NULL,
	expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_passkeys (
	credential TEXT    PRIMARY KEY,
	person     TEXT    NOT NULL,
	data       BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX secret_passkeys_person ON secret_passkeys (person);
