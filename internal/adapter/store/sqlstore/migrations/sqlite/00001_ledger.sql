-- +goose Up
CREATE TABLE events (
	seq          INTEGER PRIMARY KEY,
	id           TEXT    NOT NULL UNIQUE,
	stream       TEXT    NOT NULL,
	version      INTEGER NOT NULL,
	type         TEXT    NOT NULL,
	type_version INTEGER NOT NULL,
	time_us      INTEGER NOT NULL,
	command      TEXT    NOT NULL,
	header       BLOB    NOT NULL,
	UNIQUE (stream, version)
) STRICT;

CREATE TABLE event_parts (
	seq  INTEGER NOT NULL,
	name TEXT    NOT NULL,
	salt BLOB    NOT NULL,
	body BLOB    NOT NULL,
	PRIMARY KEY (seq, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_hashes (
	idx  INTEGER PRIMARY KEY,
	hash BLOB    NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER event_parts_no_update BEFORE UPDATE ON event_parts
BEGIN SELECT RAISE(ABORT, 'event parts are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER event_parts_no_delete BEFORE DELETE ON event_parts WHEN OLD.name = 'public'
BEGIN SELECT RAISE(ABORT, 'public parts are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_hashes_no_update BEFORE UPDATE ON ledger_hashes
BEGIN SELECT RAISE(ABORT, 'hashes are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_hashes_no_delete BEFORE DELETE ON ledger_hashes
BEGIN SELECT RAISE(ABORT, 'hashes are append-only'); END;
-- +goose StatementEnd

-- Decision tables: written in the transaction of the event, checked by it.
CREATE TABLE stream_heads (
	stream  TEXT    PRIMARY KEY,
	version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE commands (
	command TEXT    PRIMARY KEY,
	first   INTEGER NOT NULL,
	count   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE executions (
	execution   TEXT    PRIMARY KEY,
	run         TEXT    NOT NULL,
	solution    TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	pool        TEXT    NOT NULL,
	labels      TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('queued', 'claimed', 'ended')),
	worker      TEXT    NOT NULL,
	fence       INTEGER NOT NULL,
	queued_seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX executions_state ON executions (state, queued_seq);

CREATE TABLE environment_locks (
	solution    TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	execution   TEXT    NOT NULL UNIQUE,
	PRIMARY KEY (solution, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE unique_values (
	scope TEXT    NOT NULL,
	value TEXT    NOT NULL,
	seq   INTEGER NOT NULL,
	PRIMARY KEY (scope, value)
) STRICT, WITHOUT ROWID;

-- Not events: never rebuilt, never exported.
CREATE TABLE leases (
	execution  TEXT    PRIMARY KEY,
	worker     TEXT    NOT NULL,
	fence      INTEGER NOT NULL,
	expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_credentials (
	person    TEXT    PRIMARY KEY,
	password  TEXT    NOT NULL,
	totp_seed TEXT    NOT NULL,
	last_step INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_failures (
	person  TEXT    NOT NULL,
	time_us INTEGER NOT NULL
) STRICT;
CREATE INDEX secret_failures_person ON secret_failures (person, time_us);

-- Views: follow the ledger, can be dropped and rebuilt.
CREATE TABLE view_watermark (
	view TEXT    PRIMARY KEY,
	seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE view_solutions (
	solution TEXT PRIMARY KEY,
	baseline TEXT NOT NULL,
	digest   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE view_persons (
	person TEXT PRIMARY KEY,
	login  TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE view_identities (
	digest TEXT PRIMARY KEY,
	person TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE view_runs (
	run        TEXT    PRIMARY KEY,
	solution   TEXT    NOT NULL,
	number     INTEGER NOT NULL,
	event      TEXT    NOT NULL,
	ref        TEXT    NOT NULL,
	sha        TEXT    NOT NULL,
	version    TEXT    NOT NULL,
	conclusion TEXT    NOT NULL,
	started_us INTEGER NOT NULL,
	ended_us   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX view_runs_number ON view_runs (solution, number);

CREATE TABLE view_releases (
	solution TEXT    NOT NULL,
	version  TEXT    NOT NULL,
	state    TEXT    NOT NULL,
	run      TEXT    NOT NULL,
	sha      TEXT    NOT NULL,
	seq      INTEGER NOT NULL,
	PRIMARY KEY (solution, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_environments (
	solution    TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	version     TEXT    NOT NULL,
	sha         TEXT    NOT NULL,
	tree        TEXT    NOT NULL,
	run         TEXT    NOT NULL,
	since_us    INTEGER NOT NULL,
	PRIMARY KEY (solution, environment)
) STRICT, WITHOUT ROWID;
