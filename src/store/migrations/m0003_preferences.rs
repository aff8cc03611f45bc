//! What a user prefers to see, and which steps of the first run are behind the panel.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration { number: 3, name: "preferences", up: UP, down: DOWN };

const UP: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS preferences (
        user_id VARCHAR(32) NOT NULL PRIMARY KEY REFERENCES users (id),
        document TEXT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS setup_steps (
        name VARCHAR(32) NOT NULL PRIMARY KEY,
        state VARCHAR(16) NOT NULL,
        updated_at BIGINT NOT NULL,
        updated_by VARCHAR(64) NOT NULL
    )",
];

const DOWN: &[&str] = &["DROP TABLE IF EXISTS setup_steps", "DROP TABLE IF EXISTS preferences"];
