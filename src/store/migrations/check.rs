//! Trying migrations on scratch copies: empty ones filled with sample rows, and a copy of the real database.

use super::structure::{Finding, findings, frozen_findings};
use super::{Migration, run, status};
use crate::base::Result;
use crate::store::Store;
use crate::store::sqlite::{files, scratch};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What one trial showed.
#[derive(Debug, Clone, Serialize)]
pub struct ScratchResult {
    /// `NNNN_name`, or `copy` for the trial on a copy of the real database.
    pub what: String,
    /// Rows that were in the scratch database during the trial.
    pub rows: u64,
    /// Key below `migration.` in the catalogue for what went wrong; `None` when nothing did.
    pub problem: Option<&'static str>,
    /// Details of the problem.
    pub details: String,
}

/// The checker's report.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// What reading the migrations showed, warnings about destructive statements among it.
    pub findings: Vec<Finding>,
    /// What trying them showed.
    pub scratch: Vec<ScratchResult>,
    /// Whether nothing fatal was found.
    pub ok: bool,
}

/// Schema and rows per table of a scratch database.
#[derive(PartialEq)]
struct Shape {
    schema: Vec<String>,
    rows: BTreeMap<String, u64>,
}

/// Checks structure, order and checksums, takes each migration up, down and up again on a scratch database with data in
/// it, and does the pending ones on a copy of the real database. The real one is only read.
pub fn check(store: &Store) -> Result<CheckReport> {
    let list = store.migrations();
    let mut found = findings(list);
    if std::ptr::eq(list, super::ALL) {
        found.extend(frozen_findings(list));
    }
    let mut results = Vec::new();
    if found.iter().all(|f| !f.fatal) {
        let folder = Scratch(store.folder().join("scratch"));
        folder.clear();
        results = folder.trial(store, "empty.db", |s| list.iter().map(|m| forth_and_back(s, m)).collect())?;
        store.snapshot(&folder.0.join("copy.db"))?;
        results.extend(folder.trial(store, "copy.db", |s| Ok(vec![upgrade_and_back(s)?]))?);
    }
    let ok = found.iter().all(|f| !f.fatal) && results.iter().all(|r: &ScratchResult| r.problem.is_none());
    Ok(CheckReport { findings: found, scratch: results, ok })
}

fn forth_and_back(store: &Store, migration: &Migration) -> Result<ScratchResult> {
    let n = migration.number;
    let before = shape(store)?;
    run::go(store, n)?;
    let schema_after = shape(store)?.schema;
    scratch::fill(store.path())?;
    let filled = shape(store)?;
    let mut result = result(migration.full_name(), &filled);
    run::go(store, n - 1)?;
    let back = shape(store)?;
    if back.schema != before.schema {
        result.problem = Some("down_leaves_other_schema");
        result.details = difference(&before.schema, &back.schema);
    } else if let Some(table) = back.rows.iter().find(|(t, n)| filled.rows.get(*t).is_some_and(|f| f != *n)) {
        result.problem = Some("down_loses_rows");
        result.details = table.0.clone();
    }
    run::go(store, n)?;
    let again = shape(store)?.schema;
    if again != schema_after {
        result.problem = Some("second_up_differs");
        result.details = difference(&schema_after, &again);
    }
    scratch::fill(store.path())?;
    verify(store, result)
}

fn upgrade_and_back(store: &Store) -> Result<ScratchResult> {
    let current = status(store)?.current;
    let before = shape(store)?;
    let mut result = result("copy".to_owned(), &before);
    let latest = store.migrations().last().map_or(0, |m| m.number);
    run::go(store, latest)?;
    run::go(store, current)?;
    let back = shape(store)?;
    if back != before {
        result.problem = Some("copy_differs_after_down");
        result.details = difference(&before.schema, &back.schema);
    }
    run::go(store, latest)?;
    verify(store, result)
}

fn result(what: String, shape: &Shape) -> ScratchResult {
    ScratchResult { what, rows: shape.rows.values().sum(), problem: None, details: String::new() }
}

fn shape(store: &Store) -> Result<Shape> {
    let (schema, rows) = scratch::shape(store.path())?;
    Ok(Shape { schema, rows })
}

/// Adds what the database itself says about its integrity.
fn verify(store: &Store, mut result: ScratchResult) -> Result<ScratchResult> {
    if let Some(damage) = scratch::damage(store.path())?
        && result.problem.is_none()
    {
        result.problem = Some("damaged");
        result.details = damage;
    }
    Ok(result)
}

fn difference(before: &[String], after: &[String]) -> String {
    let gone = before.iter().filter(|b| !after.contains(b)).map(|b| format!("- {b}"));
    let new = after.iter().filter(|a| !before.contains(a)).map(|a| format!("+ {a}"));
    gone.chain(new).collect::<Vec<_>>().join("\n")
}

/// The folder of the scratch databases; gone when it goes out of scope.
struct Scratch(PathBuf);

impl Scratch {
    /// Runs `trial` on the scratch database `name`; a failing statement is a result, not an error.
    fn trial(
        &self,
        store: &Store,
        name: &str,
        trial: impl FnOnce(&Store) -> Result<Vec<ScratchResult>>,
    ) -> Result<Vec<ScratchResult>> {
        let scratch = store.open_elsewhere(&self.0.join(name))?;
        trial(&scratch).or_else(|e| {
            let (what, details) = (name.to_owned(), e.to_string());
            Ok(vec![ScratchResult { what, rows: 0, problem: Some("statement_fails"), details }])
        })
    }

    fn clear(&self) {
        for name in files::names(&self.0) {
            files::remove(&self.0.join(name));
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.clear();
        files::remove_folder(&self.0);
    }
}
