-- One text for SQLite and PostgreSQL: only TEXT, BIGINT and BLOB. `schema.rs` says how
-- the two type names are spelled on PostgreSQL. Times are milliseconds since 1970 (UTC).

-- The newest event of each stream: the optimistic lock, and what a missing last event is found by.
CREATE TABLE streams (
    stream TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE events (
    stream TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    principal TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE TABLE blobs (
    digest TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
);

-- A lease row is never deleted: its epoch only grows.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    released BIGINT NOT NULL
);

CREATE TABLE claims (
    claim_key TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL
);
CREATE INDEX claims_by_owner ON claims (owner);

-- Who waits for which key. All rows of one owner carry the same ticket; smaller is earlier.
CREATE TABLE claim_queue (
    claim_key TEXT NOT NULL,
    owner TEXT NOT NULL,
    ticket BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (claim_key, owner)
);
CREATE INDEX claim_queue_by_owner ON claim_queue (owner);

-- The ticket counter. Changing it is also the lock under which claims change.
CREATE TABLE claim_tickets (
    id BIGINT NOT NULL PRIMARY KEY,
    ticket BIGINT NOT NULL
);
INSERT INTO claim_tickets (id, ticket) VALUES (1, 0);

CREATE TABLE rollouts (
    id TEXT NOT NULL PRIMARY KEY,
    environment TEXT NOT NULL,
    services TEXT NOT NULL,
    plan_hash TEXT NOT NULL,
    phase TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);
CREATE INDEX rollouts_by_age ON rollouts (created_ms, id);

CREATE TABLE documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
