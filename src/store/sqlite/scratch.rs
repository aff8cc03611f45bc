//! Looking into, and filling, the scratch databases of the migration checker, which are always SQLite files.

use super::errors::sql_error_in;
use crate::base::Result;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows put into each empty table.
const SAMPLE_ROWS: i64 = 3;

type Columns = Vec<(String, String)>;

fn on<T>(path: &Path, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
    Connection::open(path).and_then(|c| work(&c)).map_err(|e| sql_error_in(path, e))
}

/// The schema without the migrations' own tables, sorted, and the number of rows of each table.
pub(in crate::store) fn shape(path: &Path) -> Result<(Vec<String>, BTreeMap<String, u64>)> {
    on(path, |c| {
        let mut schema = c.prepare(
            "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master
             WHERE tbl_name NOT LIKE 'schema\\_%' ESCAPE '\\' ORDER BY 1",
        )?;
        let schema = schema.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut rows = BTreeMap::new();
        for table in tables(c)? {
            let count = c.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |r| r.get::<_, i64>(0))?;
            rows.insert(table, count.unsigned_abs());
        }
        Ok((schema, rows))
    })
}

/// Puts sample rows into every table that is empty. Row n holds the same value n in all its columns, so that a
/// reference to another table finds its row; tables come in the order of their creation, parents first.
pub(in crate::store) fn fill(path: &Path) -> Result<()> {
    on(path, |c| {
        c.pragma_update(None, "foreign_keys", true)?;
        for table in tables(c)? {
            if c.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |r| r.get::<_, i64>(0))? > 0 {
                continue;
            }
            let columns = columns(c, &table)?;
            for n in 1..=SAMPLE_ROWS {
                let values: Vec<String> = columns.iter().map(|(_, kind)| sample(kind, n)).collect();
                let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
                c.execute(&format!("INSERT INTO {table} ({}) VALUES ({})", names.join(","), values.join(",")), [])?;
            }
        }
        Ok(())
    })
}

/// What the integrity and foreign key checks find; `None` when all is well.
pub(in crate::store) fn damage(path: &Path) -> Result<Option<String>> {
    on(path, |c| {
        let integrity: String = c.query_row("PRAGMA integrity_check", [], |r| r.get(0))?;
        if integrity != "ok" {
            return Ok(Some(integrity));
        }
        let mut check = c.prepare("PRAGMA foreign_key_check")?;
        let mut broken = check.query([])?;
        broken.next()?.map(|row| row.get(0)).transpose()
    })
}

fn tables(c: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = c.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         AND name NOT LIKE 'schema\\_%' ESCAPE '\\' ORDER BY rowid",
    )?;
    found.query_map([], |r| r.get(0))?.collect()
}

fn columns(c: &Connection, table: &str) -> rusqlite::Result<Columns> {
    let mut found = c.prepare("SELECT name, type FROM pragma_table_info(?)")?;
    found.query_map([table], |r| Ok((r.get(0)?, r.get(1)?)))?.collect()
}

fn sample(kind: &str, n: i64) -> String {
    let numeric = ["INT", "REAL", "DOUBLE", "NUM"].iter().any(|k| kind.to_ascii_uppercase().contains(k));
    if numeric { n.to_string() } else { format!("'{n}'") }
}
