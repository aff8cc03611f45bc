//! What became of each site, change by change; and the views of lists that people keep.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration { number: 2, name: "site_changes", up: UP, down: DOWN };

const UP: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS site_changes (
        site_id VARCHAR(32) NOT NULL REFERENCES sites (id),
        revision BIGINT NOT NULL,
        at BIGINT NOT NULL,
        actor VARCHAR(64) NOT NULL,
        actor_kind VARCHAR(16) NOT NULL,
        operation VARCHAR(64) NOT NULL,
        plan_id VARCHAR(32) NOT NULL,
        state_before TEXT,
        state_after TEXT NOT NULL,
        PRIMARY KEY (site_id, revision)
    )",
    "CREATE INDEX IF NOT EXISTS site_changes_by_plan ON site_changes (plan_id)",
    "CREATE TABLE IF NOT EXISTS list_views (
        id VARCHAR(32) NOT NULL PRIMARY KEY,
        user_id VARCHAR(32) NOT NULL REFERENCES users (id),
        page VARCHAR(16) NOT NULL,
        name VARCHAR(64) NOT NULL,
        query TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        UNIQUE (user_id, page, name)
    )",
];

const DOWN: &[&str] = &["DROP TABLE IF EXISTS list_views", "DROP TABLE IF EXISTS site_changes"];
