//! The shape of the database, in ordered steps that can be taken forward and back.
//!
//! A migration is two lists of single statements. Each statement runs in one transaction together with its line in the
//! step journal, so a run that was killed goes on where it stopped, and an interrupted run is first finished in its own
//! direction. A released migration never changes: `CHECKSUMS` holds what was released.

mod check;
mod m0001_first;
mod m0002_site_changes;
mod m0003_preferences;
mod m0004_job_input;
mod run;
mod structure;

pub use check::{CheckReport, ScratchResult, check};
pub use run::{RunReport, down, up};
pub use structure::{Finding, findings};

use super::keys::sha256_hex;
use super::{Store, Tx};
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result};
use serde::Serialize;

/// Released migrations with their checksums, one per line.
const CHECKSUMS: &str = include_str!("CHECKSUMS");

/// Every migration of the main database, oldest first.
pub const ALL: &[Migration] =
    &[m0001_first::MIGRATION, m0002_site_changes::MIGRATION, m0003_preferences::MIGRATION, m0004_job_input::MIGRATION];

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Position, from 1 without gaps.
    pub number: u32,
    /// What it is about: lower-case letters, digits and `_`.
    pub name: &'static str,
    /// Single statements that make the change.
    pub up: &'static [&'static str],
    /// Single statements that take it back.
    pub down: &'static [&'static str],
}

impl Migration {
    /// `NNNN_name`.
    pub fn full_name(&self) -> String {
        format!("{:04}_{}", self.number, self.name)
    }

    /// SHA-256 over number, name and every statement in both directions.
    pub fn checksum(&self) -> String {
        let parts = [self.full_name(), self.up.join("\n;\n"), self.down.join("\n;\n")];
        sha256_hex(parts.join("\n--\n"))
    }

    /// The statements of one direction.
    pub fn steps(&self, direction: Direction) -> &'static [&'static str] {
        match direction {
            Direction::Up => self.up,
            Direction::Down => self.down,
        }
    }

    /// The checksum it was released with, where it was released.
    pub fn released_checksum(&self) -> Option<&'static str> {
        let name = self.full_name();
        CHECKSUMS.lines().filter_map(|line| line.split_once(' ')).find(|(n, _)| *n == name).map(|(_, sum)| sum.trim())
    }
}

/// Which way a migration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the newer schema.
    Up,
    /// Back to the older one.
    Down,
}

impl Direction {
    fn text(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}

/// Where one migration stands.
#[derive(Debug, Clone, Serialize)]
pub struct MigrationStatus {
    /// Position.
    pub number: u32,
    /// `NNNN_name`.
    pub name: String,
    /// When it was applied; `None` while it is pending.
    pub applied_at: Option<Time>,
    /// The direction of a run that was interrupted in the middle of it.
    pub interrupted: Option<Direction>,
    /// Whether the database was changed by another text of this migration than the binary has.
    pub changed: bool,
}

/// Where the database stands.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Highest migration that is applied, 0 for none.
    pub current: u32,
    /// Highest migration this binary knows.
    pub latest: u32,
    /// How many are pending.
    pub pending: usize,
    /// Each of them, oldest first.
    pub migrations: Vec<MigrationStatus>,
}

/// A migration as the database remembers it.
struct Applied {
    number: u32,
    name: String,
    checksum: String,
    at: Time,
}

/// Where the database stands.
pub fn status(store: &Store) -> Result<Status> {
    let (applied, interrupted) = if has_journal(store)? {
        store.read(|tx| Ok((applied(tx)?, run::interrupted(tx)?)))?
    } else {
        (Vec::new(), None)
    };
    let known = store.migrations();
    let migrations: Vec<MigrationStatus> = known
        .iter()
        .map(|m| {
            let done = applied.iter().find(|a| a.number == m.number);
            MigrationStatus {
                number: m.number,
                name: m.full_name(),
                applied_at: done.map(|a| a.at),
                interrupted: interrupted.filter(|(n, _)| *n == m.number).map(|(_, direction)| direction),
                changed: done.is_some_and(|a| a.name != m.full_name() || a.checksum != m.checksum()),
            }
        })
        .collect();
    Ok(Status {
        current: applied.iter().map(|a| a.number).max().unwrap_or(0),
        latest: known.last().map_or(0, |m| m.number),
        pending: migrations.iter().filter(|m| m.applied_at.is_none()).count(),
        migrations,
    })
}

/// Refuses a database that a newer release has changed. Error: `store_newer`.
pub(super) fn refuse_newer(store: &Store) -> Result<()> {
    if !has_journal(store)? {
        return Ok(());
    }
    let latest = store.migrations().last().map_or(0, |m| m.number);
    match store.read(applied)?.last() {
        Some(newest) if newest.number > latest => Err(Error::new(Kind::Conflict, "store_newer")
            .with("found", &newest.name)
            .with("known", latest)
            .with("path", store.path().display())),
        _ => Ok(()),
    }
}

fn has_journal(store: &Store) -> Result<bool> {
    store.driver().has_table("schema_migrations")
}

fn applied(tx: &Tx) -> Result<Vec<Applied>> {
    let rows = tx.query("SELECT number, name, checksum, applied_at FROM schema_migrations ORDER BY number", &[])?;
    let read = |row: &super::Row| {
        Ok(Applied {
            number: row.get("number")?,
            name: row.get("name")?,
            checksum: row.get("checksum")?,
            at: row.get("applied_at")?,
        })
    };
    rows.iter().map(read).collect()
}

#[cfg(test)]
mod tests;
