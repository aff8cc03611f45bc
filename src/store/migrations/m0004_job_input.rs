//! What a job was asked, so that it can be asked again.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration { number: 4, name: "job_input", up: UP, down: DOWN };

const UP: &[&str] = &["ALTER TABLE jobs ADD COLUMN input TEXT"];

const DOWN: &[&str] = &["ALTER TABLE jobs DROP COLUMN input"];
