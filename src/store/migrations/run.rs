//! Going up and down.

use super::{Direction, Migration, applied, status};
use crate::base::{Error, Kind, Result};
use crate::store::sqlite::files;
use crate::store::{Store, Tx};
use crate::values;
use serde::Serialize;
use std::cmp::Ordering;
use std::path::PathBuf;

/// Snapshots from before upgrades that are kept; older ones are removed.
const SNAPSHOTS_KEPT: usize = 5;

const JOURNAL: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS schema_migrations (
        number BIGINT NOT NULL PRIMARY KEY,
        name VARCHAR(190) NOT NULL,
        checksum VARCHAR(64) NOT NULL,
        applied_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS schema_steps (
        number BIGINT NOT NULL,
        direction VARCHAR(4) NOT NULL,
        step BIGINT NOT NULL,
        done_at BIGINT NOT NULL,
        PRIMARY KEY (number, direction, step)
    )",
];

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Schema version before.
    pub from: u32,
    /// Schema version now.
    pub to: u32,
    /// Names of the migrations that ran, in order, each with its direction.
    pub ran: Vec<(String, Direction)>,
    /// The copy of the database made before, where there was something to copy.
    pub snapshot: Option<PathBuf>,
}

/// Applies every pending migration, after a snapshot of a database that has something in it.
/// Errors: `migration_changed` when an applied migration is not the one this binary has, and those of the disk.
pub fn up(store: &Store) -> Result<RunReport> {
    run_to(store, store.migrations().last().map_or(0, |m| m.number))
}

/// Takes back every migration above `to`, after a snapshot. Error: `migration_unknown` when there is no such number.
pub fn down(store: &Store, to: u32) -> Result<RunReport> {
    let current = status(store)?.current;
    if to > current {
        return Err(Error::new(Kind::BadInput, "migration_unknown").with("number", to).with("current", current));
    }
    run_to(store, to)
}

fn run_to(store: &Store, to: u32) -> Result<RunReport> {
    let before = status(store)?;
    let unfinished = before.migrations.iter().any(|m| m.interrupted.is_some());
    let snapshot = if before.current > 0 && (before.current != to || unfinished) {
        Some(snapshot(store, before.current)?)
    } else {
        None
    };
    Ok(RunReport { snapshot, ..go(store, to)? })
}

/// Goes to schema version `to`, whichever way that is, without a snapshot.
pub(super) fn go(store: &Store, to: u32) -> Result<RunReport> {
    let before = status(store)?;
    if let Some(changed) = before.migrations.iter().find(|m| m.changed) {
        return Err(Error::new(Kind::Conflict, "migration_changed").with("name", &changed.name));
    }
    let mut report = RunReport { from: before.current, to: before.current, ran: Vec::new(), snapshot: None };
    for statement in JOURNAL {
        store.write(|tx| tx.exec(statement, &[]))?;
    }
    if let Some((number, direction)) = store.read(interrupted)? {
        one(store, number, direction, &mut report)?;
    }
    loop {
        report.to = store.read(|tx| Ok(applied(tx)?.last().map_or(0, |a| a.number)))?;
        match report.to.cmp(&to) {
            Ordering::Less => one(store, report.to + 1, Direction::Up, &mut report)?,
            Ordering::Greater => one(store, report.to, Direction::Down, &mut report)?,
            Ordering::Equal => return Ok(report),
        }
    }
}

/// The migration a killed run left in the middle, and its direction.
pub(super) fn interrupted(tx: &Tx) -> Result<Option<(u32, Direction)>> {
    let Some(row) = tx.one("SELECT number, direction FROM schema_steps ORDER BY number LIMIT 1", &[])? else {
        return Ok(None);
    };
    let direction = if row.get::<String>("direction")? == "up" { Direction::Up } else { Direction::Down };
    Ok(Some((row.get("number")?, direction)))
}

/// Runs what is left of one migration in one direction.
fn one(store: &Store, number: u32, direction: Direction, report: &mut RunReport) -> Result<()> {
    let found = store.migrations().iter().find(|m| m.number == number);
    let migration = found.ok_or_else(|| Error::fault(format!("there is no migration {number}")))?;
    for step in 0..migration.steps(direction).len() {
        run_step(store, migration, direction, step)?;
    }
    store.write(|tx| finish(tx, migration, direction, store.now()))?;
    log::info!("migration {} {} done", migration.full_name(), direction.text());
    report.ran.push((migration.full_name(), direction));
    Ok(())
}

/// Runs one statement with its line in the journal, unless the line is there already.
pub(super) fn run_step(store: &Store, migration: &Migration, direction: Direction, step: usize) -> Result<()> {
    let (number, text, now) = (migration.number, direction.text(), store.now());
    let position = i64::try_from(step).map_err(Error::fault)?;
    store.write(|tx| {
        let sql = "SELECT COUNT(*) FROM schema_steps WHERE number = ? AND direction = ? AND step = ?";
        if tx.count(sql, &values![number, text, position])? > 0 {
            return Ok(());
        }
        tx.exec(migration.steps(direction)[step], &[])?;
        let sql = "INSERT INTO schema_steps (number, direction, step, done_at) VALUES (?, ?, ?, ?)";
        tx.exec(sql, &values![number, text, position, now]).map(drop)
    })
}

fn finish(tx: &Tx, migration: &Migration, direction: Direction, now: crate::base::clock::Time) -> Result<()> {
    let number = migration.number;
    match direction {
        Direction::Up => {
            let sql = "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)";
            tx.exec(sql, &values![number, migration.full_name(), migration.checksum(), now])?;
        }
        Direction::Down => {
            tx.exec("DELETE FROM schema_migrations WHERE number = ?", &values![number])?;
        }
    }
    tx.exec("DELETE FROM schema_steps WHERE number = ?", &values![number]).map(drop)
}

/// Copies the database beside itself and removes the oldest copies.
fn snapshot(store: &Store, version: u32) -> Result<PathBuf> {
    let folder = store.folder().join("snapshots");
    let base = store.path().file_stem().map_or_else(|| "store".into(), |s| s.to_string_lossy().into_owned());
    let mut path = folder.join(format!("{base}-{:013}-{version:04}.db", store.now().0));
    let mut again = 0;
    while path.exists() {
        again += 1;
        path = folder.join(format!("{base}-{:013}-{version:04}-{again}.db", store.now().0));
    }
    store.snapshot(&path)?;
    // The new copy is kept whatever its name sorts as: the clock may have gone back.
    let ours = |name: &String| name.starts_with(&format!("{base}-")) && folder.join(name) != path;
    let others: Vec<String> = files::names(&folder).into_iter().filter(ours).collect();
    for old in others.iter().take((others.len() + 1).saturating_sub(SNAPSHOTS_KEPT)) {
        files::remove(&folder.join(old));
    }
    Ok(path)
}
