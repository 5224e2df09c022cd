-- Made by: go test ./internal/wire -run TestANewDatabase -update

CREATE TABLE artifact_names (
	run       TEXT    NOT NULL,
	attempt   INTEGER NOT NULL,
	name      TEXT    NOT NULL,
	execution TEXT    NOT NULL,
	digest    TEXT    NOT NULL,
	PRIMARY KEY (run, attempt, name)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE commands (
	command TEXT    PRIMARY KEY,
	first   INTEGER NOT NULL,
	count   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE environment_locks (
	solution    TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	execution   TEXT    NOT NULL UNIQUE,
	PRIMARY KEY (solution, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_parts (
	seq  INTEGER NOT NULL,
	name TEXT    NOT NULL,
	salt BLOB    NOT NULL,
	body BLOB    NOT NULL,
	PRIMARY KEY (seq, name)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);

CREATE TABLE leases (
	execution  TEXT    PRIMARY KEY,
	worker     TEXT    NOT NULL,
	fence      INTEGER NOT NULL,
	expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_hashes (
	idx  INTEGER PRIMARY KEY,
	hash BLOB    NOT NULL
) STRICT;

CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);

CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);

CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);

CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);

CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE secret_ceremonies (
	ceremony   TEXT    PRIMARY KEY,
	person     TEXT    NOT NULL,
	operation  TEXT    NOT NULL,
	request    BLOB    NOT NULL,
	method     TEXT    NOT NULL,
	payload    BLOB    NOT NULL,
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

CREATE TABLE secret_links (
	sha256   TEXT    PRIMARY KEY,
	person   TEXT    NOT NULL,
	purpose  TEXT    NOT NULL,
	seed     TEXT    NOT NULL,
	since_us INTEGER NOT NULL,
	until_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_passkeys (
	credential TEXT    PRIMARY KEY,
	person     TEXT    NOT NULL,
	data       BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_sessions (
	sha256     TEXT    PRIMARY KEY,
	person     TEXT    NOT NULL,
	data       BLOB    NOT NULL,
	expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_tokens (
	token      TEXT    PRIMARY KEY,
	sha256     TEXT    NOT NULL UNIQUE,
	person     TEXT    NOT NULL,
	scopes     TEXT    NOT NULL,
	expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_values (
	solution    TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	key         TEXT    NOT NULL,
	box         BLOB    NOT NULL,
	PRIMARY KEY (solution, environment, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE stream_heads (
	stream  TEXT    PRIMARY KEY,
	version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE unique_values (
	scope TEXT    NOT NULL,
	value TEXT    NOT NULL,
	seq   INTEGER NOT NULL,
	PRIMARY KEY (scope, value)
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

CREATE TABLE view_identities (
	digest TEXT PRIMARY KEY,
	person TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE view_persons (
	person TEXT PRIMARY KEY,
	login  TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE view_releases (
	solution TEXT    NOT NULL,
	version  TEXT    NOT NULL,
	state    TEXT    NOT NULL,
	run      TEXT    NOT NULL,
	sha      TEXT    NOT NULL,
	seq      INTEGER NOT NULL,
	PRIMARY KEY (solution, version)
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

CREATE TABLE view_solutions (
	solution TEXT PRIMARY KEY,
	baseline TEXT NOT NULL,
	digest   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE view_trail (
	seq      INTEGER PRIMARY KEY,
	time_us  INTEGER NOT NULL,
	stream   TEXT    NOT NULL,
	type     TEXT    NOT NULL,
	actor    TEXT    NOT NULL,
	why      TEXT    NOT NULL,
	solution TEXT    NOT NULL,
	version  TEXT    NOT NULL
) STRICT;

CREATE TABLE view_watermark (
	view TEXT    PRIMARY KEY,
	seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX caches_digest ON caches (digest);

CREATE INDEX caches_used ON caches (solution, used_us);

CREATE TRIGGER event_parts_no_delete BEFORE DELETE ON event_parts WHEN OLD.name = 'public'
BEGIN SELECT RAISE(ABORT, 'public parts are append-only'); END;

CREATE TRIGGER event_parts_no_update BEFORE UPDATE ON event_parts
BEGIN SELECT RAISE(ABORT, 'event parts are append-only'); END;

CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE INDEX executions_state ON executions (state, queued_seq);

CREATE TRIGGER ledger_hashes_no_delete BEFORE DELETE ON ledger_hashes
BEGIN SELECT RAISE(ABORT, 'hashes are append-only'); END;

CREATE TRIGGER ledger_hashes_no_update BEFORE UPDATE ON ledger_hashes
BEGIN SELECT RAISE(ABORT, 'hashes are append-only'); END;

CREATE INDEX river_job_kind ON river_job (kind);

CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);

CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;

CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;

CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);

CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);

CREATE INDEX secret_failures_person ON secret_failures (person, time_us);

CREATE INDEX secret_passkeys_person ON secret_passkeys (person);

CREATE INDEX secret_sessions_person ON secret_sessions (person);

CREATE INDEX view_runs_number ON view_runs (solution, number);

INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (1, 0, 1);
INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (2, 1, 1);
INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (3, 2, 1);
INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (4, 3, 1);
INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (5, 4, 1);
INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (6, 5, 1);
INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (7, 6, 1);
INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (8, 7, 1);
INSERT INTO river_migration (line, version) VALUES ('main', 1);
INSERT INTO river_migration (line, version) VALUES ('main', 2);
INSERT INTO river_migration (line, version) VALUES ('main', 3);
INSERT INTO river_migration (line, version) VALUES ('main', 4);
INSERT INTO river_migration (line, version) VALUES ('main', 5);
INSERT INTO river_migration (line, version) VALUES ('main', 6);
INSERT INTO river_migration (line, version) VALUES ('main', 7);
INSERT INTO river_migration (line, version) VALUES ('main', 8);
