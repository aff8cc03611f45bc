//! The first schema: accounts, settings, sites, plans, jobs, audit.
//!
//! Keyed text is `VARCHAR` with the length that lets MySQL index it; integers are `BIGINT` because times in
//! milliseconds do not fit the 32 bits that `INTEGER` has elsewhere.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration { number: 1, name: "first", up: UP, down: DOWN };

const UP: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS users (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        name VARCHAR(64) NOT NULL UNIQUE,
        role VARCHAR(16) NOT NULL,
        password_hash TEXT NOT NULL,
        disabled SMALLINT NOT NULL,
        revision BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        password_changed_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS sessions (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        token_hash VARCHAR(64) NOT NULL UNIQUE,
        user_id VARCHAR(32) NOT NULL REFERENCES users (id),
        created_at BIGINT NOT NULL,
        last_seen_at BIGINT NOT NULL,
        verified_at BIGINT NOT NULL,
        address VARCHAR(64) NOT NULL,
        agent TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user_id, last_seen_at)",
    "CREATE INDEX IF NOT EXISTS sessions_by_last_seen ON sessions (last_seen_at)",
    "CREATE TABLE IF NOT EXISTS tokens (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        name VARCHAR(64) NOT NULL,
        token_hash VARCHAR(64) NOT NULL UNIQUE,
        user_id VARCHAR(32) REFERENCES users (id),
        role VARCHAR(16) NOT NULL,
        scopes TEXT NOT NULL,
        expires_at BIGINT,
        last_used_at BIGINT,
        last_used_address VARCHAR(64),
        created_at BIGINT NOT NULL,
        created_by VARCHAR(64) NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS tokens_by_user ON tokens (user_id)",
    "CREATE TABLE IF NOT EXISTS claim (
        id SMALLINT NOT NULL PRIMARY KEY,
        token_hash VARCHAR(64) NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT,
        failures BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS sign_in_failures (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        subject VARCHAR(190) NOT NULL,
        at BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS sign_in_failures_by_subject ON sign_in_failures (subject, at)",
    "CREATE INDEX IF NOT EXISTS sign_in_failures_by_time ON sign_in_failures (at)",
    "CREATE TABLE IF NOT EXISTS settings (
        name VARCHAR(190) NOT NULL PRIMARY KEY,
        value TEXT NOT NULL,
        sealed SMALLINT NOT NULL,
        updated_at BIGINT NOT NULL,
        updated_by VARCHAR(64) NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS guard (
        id SMALLINT NOT NULL PRIMARY KEY,
        changes TEXT NOT NULL,
        actor VARCHAR(64) NOT NULL,
        started_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS backends (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        upstream TEXT NOT NULL,
        name VARCHAR(64),
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS sites (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        domain VARCHAR(253) NOT NULL UNIQUE,
        kind VARCHAR(32) NOT NULL,
        enabled SMALLINT NOT NULL,
        state VARCHAR(16) NOT NULL,
        root TEXT NOT NULL,
        unix_user VARCHAR(32) NOT NULL,
        options TEXT NOT NULL,
        backend_id VARCHAR(32) REFERENCES backends (id),
        revision BIGINT NOT NULL,
        owner VARCHAR(190),
        problem TEXT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS sites_by_created ON sites (created_at, id)",
    "CREATE INDEX IF NOT EXISTS sites_by_updated ON sites (updated_at, id)",
    "CREATE INDEX IF NOT EXISTS sites_by_backend ON sites (backend_id)",
    "CREATE INDEX IF NOT EXISTS sites_by_owner ON sites (owner)",
    "CREATE INDEX IF NOT EXISTS sites_by_state ON sites (state, domain)",
    "CREATE TABLE IF NOT EXISTS server_names (
        name VARCHAR(253) NOT NULL PRIMARY KEY,
        unicode_name TEXT NOT NULL,
        site_id VARCHAR(32) NOT NULL REFERENCES sites (id),
        position BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS server_names_by_site ON server_names (site_id, position)",
    "CREATE TABLE IF NOT EXISTS managed_files (
        path_hash VARCHAR(64) NOT NULL PRIMARY KEY,
        path TEXT NOT NULL,
        site_id VARCHAR(32) REFERENCES sites (id),
        body TEXT NOT NULL,
        sha256 VARCHAR(64) NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS managed_files_by_site ON managed_files (site_id)",
    "CREATE TABLE IF NOT EXISTS plans (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        operation VARCHAR(64) NOT NULL,
        actor TEXT NOT NULL,
        body TEXT,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        state VARCHAR(16) NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS plans_by_expiry ON plans (state, expires_at)",
    "CREATE TABLE IF NOT EXISTS reservations (
        name VARCHAR(253) NOT NULL PRIMARY KEY,
        plan_id VARCHAR(32) NOT NULL REFERENCES plans (id),
        expires_at BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS reservations_by_plan ON reservations (plan_id)",
    "CREATE TABLE IF NOT EXISTS jobs (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        operation VARCHAR(64) NOT NULL,
        target VARCHAR(253) NOT NULL,
        actor TEXT NOT NULL,
        state VARCHAR(16) NOT NULL,
        plan_id VARCHAR(32) REFERENCES plans (id),
        result TEXT,
        error TEXT,
        output TEXT NOT NULL,
        owner VARCHAR(64) NOT NULL,
        heartbeat_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        started_at BIGINT,
        finished_at BIGINT
    )",
    "CREATE INDEX IF NOT EXISTS jobs_by_created ON jobs (created_at, id)",
    "CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, created_at)",
    "CREATE INDEX IF NOT EXISTS jobs_by_target ON jobs (target, created_at)",
    "CREATE INDEX IF NOT EXISTS jobs_by_plan ON jobs (plan_id)",
    "CREATE TABLE IF NOT EXISTS audit (
        seq BIGINT NOT NULL PRIMARY KEY,
        at BIGINT NOT NULL,
        actor VARCHAR(64) NOT NULL,
        actor_kind VARCHAR(16) NOT NULL,
        address VARCHAR(64) NOT NULL,
        operation VARCHAR(64) NOT NULL,
        target VARCHAR(253) NOT NULL,
        plan_id VARCHAR(32),
        result VARCHAR(16) NOT NULL,
        code VARCHAR(64),
        params TEXT NOT NULL,
        state_before TEXT,
        state_after TEXT,
        request_id VARCHAR(64) NOT NULL,
        hash VARCHAR(64) NOT NULL,
        prev_hash VARCHAR(64) NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS audit_by_time ON audit (at)",
    "CREATE INDEX IF NOT EXISTS audit_by_actor ON audit (actor, seq)",
    "CREATE INDEX IF NOT EXISTS audit_by_operation ON audit (operation, seq)",
    "CREATE INDEX IF NOT EXISTS audit_by_target ON audit (target, seq)",
    "CREATE TABLE IF NOT EXISTS idempotency (
        actor VARCHAR(64) NOT NULL,
        idem_key VARCHAR(128) NOT NULL,
        request_hash VARCHAR(64) NOT NULL,
        status BIGINT,
        body TEXT,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (actor, idem_key)
    )",
    "CREATE INDEX IF NOT EXISTS idempotency_by_time ON idempotency (created_at)",
    "CREATE TABLE IF NOT EXISTS generation (
        id SMALLINT NOT NULL PRIMARY KEY,
        number BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS lease (
        id SMALLINT NOT NULL PRIMARY KEY,
        owner VARCHAR(64) NOT NULL,
        heartbeat_at BIGINT NOT NULL
    )",
];

/// Children before their parents.
const DOWN: &[&str] = &[
    "DROP TABLE IF EXISTS lease",
    "DROP TABLE IF EXISTS generation",
    "DROP TABLE IF EXISTS idempotency",
    "DROP TABLE IF EXISTS audit",
    "DROP TABLE IF EXISTS jobs",
    "DROP TABLE IF EXISTS reservations",
    "DROP TABLE IF EXISTS plans",
    "DROP TABLE IF EXISTS managed_files",
    "DROP TABLE IF EXISTS server_names",
    "DROP TABLE IF EXISTS sites",
    "DROP TABLE IF EXISTS backends",
    "DROP TABLE IF EXISTS guard",
    "DROP TABLE IF EXISTS settings",
    "DROP TABLE IF EXISTS sign_in_failures",
    "DROP TABLE IF EXISTS claim",
    "DROP TABLE IF EXISTS tokens",
    "DROP TABLE IF EXISTS sessions",
    "DROP TABLE IF EXISTS users",
];
