//! Small things the table families share.

use super::{Row, Tx};
use crate::base::{Error, Kind, Result};
use crate::values;

/// Reads every row.
pub(super) fn all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// Reads the row, where there is one.
pub(super) fn first<T>(row: Option<Row>, read: impl Fn(&Row) -> Result<T>) -> Result<Option<T>> {
    row.as_ref().map(read).transpose()
}

/// Why an update that named a revision changed nothing: the row is gone, or at another revision. `select` reads the
/// revision of the row `id`.
pub(super) fn stale(tx: &Tx, select: &'static str, id: &str, expected: i64) -> Error {
    match tx.one(select, &values![id]).and_then(|row| row.map(|r| r.get::<i64>(0)).transpose()) {
        Ok(Some(found)) => Error::new(Kind::Stale, "revision_stale").with("expected", expected).with("found", found),
        Ok(None) => Error::new(Kind::NotFound, "row_missing").with("id", id),
        Err(e) => e,
    }
}

/// `text` cut to at most `max` characters, so that keyed columns keep their width.
pub(super) fn clip(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
