//! The history of figures, in a database file of its own: many small writes that nobody misses when they are lost, and
//! that no copy of the panel's rows should carry.

use super::migrations::Migration;
use super::{Row, Store, Tx, rows};
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;

/// The file beside the panel's database.
const FILE: &str = "metrics.db";

/// `body` holds the values of one step of time as the owner of the figures packs them.
const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "series",
    up: &[
        "CREATE TABLE IF NOT EXISTS series (
            id BIGINT NOT NULL PRIMARY KEY,
            family VARCHAR(64) NOT NULL,
            object VARCHAR(190) NOT NULL,
            UNIQUE (family, object)
        )",
        "CREATE TABLE IF NOT EXISTS points (
            step_s BIGINT NOT NULL,
            at BIGINT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (step_s, at)
        )",
    ],
    down: &["DROP TABLE IF EXISTS points", "DROP TABLE IF EXISTS series"],
}];

/// What is measured of which object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Number, for good.
    pub id: u16,
    /// What.
    pub family: String,
    /// Of which disk, interface …
    pub object: String,
}

/// The values of one step of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When the step began.
    pub at: Time,
    /// The values.
    pub body: Vec<u8>,
}

/// Opens the history beside `store`, making it where it is missing.
pub fn open(store: &Store) -> Result<Store> {
    let history = store.open_beside(FILE, 1, MIGRATIONS)?;
    super::migrations::up(&history)?;
    Ok(history)
}

/// Every series.
pub fn list(tx: &Tx) -> Result<Vec<Series>> {
    let read = |row: &Row| {
        let id: i64 = row.get("id")?;
        Ok(Series { id: u16::try_from(id).unwrap_or(u16::MAX), family: row.get("family")?, object: row.get("object")? })
    };
    rows::all(&tx.query("SELECT id, family, object FROM series ORDER BY id", &[])?, read)
}

/// Adds a series.
pub fn add(tx: &Tx, series: &Series) -> Result<()> {
    let Series { id, family, object } = series;
    tx.exec("INSERT INTO series (id, family, object) VALUES (?, ?, ?)", &values![i64::from(*id), family, object])
        .map(drop)
}

/// Writes a point; one of the same time, as after the clock went back, is replaced.
pub fn put(tx: &Tx, step_s: i64, point: &Point) -> Result<()> {
    let key = values![step_s, point.at];
    tx.exec("DELETE FROM points WHERE step_s = ? AND at = ?", &key)?;
    let insert = "INSERT INTO points (step_s, at, body) VALUES (?, ?, ?)";
    tx.exec(insert, &values![step_s, point.at, point.body.clone()]).map(drop)
}

/// Points of a step from `from` on, before `to`, oldest first.
pub fn range(tx: &Tx, step_s: i64, from: Time, to: Time) -> Result<Vec<Point>> {
    let sql = "SELECT at, body FROM points WHERE step_s = ? AND at >= ? AND at < ? ORDER BY at";
    rows::all(&tx.query(sql, &values![step_s, from, to])?, |row| {
        Ok(Point { at: row.get("at")?, body: row.get("body")? })
    })
}

/// Time of the first point of a step.
pub fn first(tx: &Tx, step_s: i64) -> Result<Option<Time>> {
    let sql = "SELECT at FROM points WHERE step_s = ? ORDER BY at LIMIT 1";
    tx.one(sql, &values![step_s])?.map(|row| row.get("at")).transpose()
}

/// Time of the last point of a step before `before`. Later ones are of a clock that went wrong.
pub fn last(tx: &Tx, step_s: i64, before: Time) -> Result<Option<Time>> {
    let sql = "SELECT at FROM points WHERE step_s = ? AND at < ? ORDER BY at DESC LIMIT 1";
    tx.one(sql, &values![step_s, before])?.map(|row| row.get("at")).transpose()
}

/// Removes points of a step before `before`.
pub fn forget(tx: &Tx, step_s: i64, before: Time) -> Result<u64> {
    tx.exec("DELETE FROM points WHERE step_s = ? AND at < ?", &values![step_s, before])
}
