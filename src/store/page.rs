//! Lists: conditions put together from constant SQL, and positions that stay right while rows come and go.

use super::{Row, Tx, Value};
use crate::base::{Error, Kind, Result, limits};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// Part of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<String>,
}

/// A WHERE clause. The SQL in it is literal; what callers bring is only ever bound.
#[derive(Default)]
pub(super) struct Conditions {
    sql: Vec<&'static str>,
    values: Vec<Value>,
}

impl Conditions {
    /// Adds a condition with its values.
    pub(super) fn add(&mut self, sql: &'static str, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql);
        self.values.extend(values);
    }

    /// Adds a condition on one value, when there is one.
    pub(super) fn add_some(&mut self, sql: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.add(sql, [value.into()]);
        }
    }

    /// ` WHERE …`, or nothing.
    pub(super) fn clause(&self) -> String {
        if self.sql.is_empty() { String::new() } else { format!(" WHERE {}", self.sql.join(" AND ")) }
    }

    /// How many rows of `table` meet the conditions.
    pub(super) fn count(&self, tx: &Tx, table: &'static str) -> Result<i64> {
        tx.count(&format!("SELECT COUNT(*) FROM {table}{}", self.clause()), &self.values)
    }
}

/// How a list is ordered: by a column and, among equals, by a unique one.
#[derive(Clone, Copy)]
pub(super) struct Order {
    /// The first column.
    pub(super) column: &'static str,
    /// The unique column.
    pub(super) unique: &'static str,
    /// Conditions `column ⋛ ? AND (column ≷ ? OR unique ≷ ?)` for rows after a position; the first half is what lets
    /// an index find the place.
    pub(super) after: &'static str,
    /// `ORDER BY …`.
    pub(super) by: &'static str,
}

/// The [`Order`] by `$column` and then `$unique`, ascending or descending.
macro_rules! order {
    ($column:literal, $unique:literal, asc) => {
        crate::store::page::Order {
            column: $column,
            unique: $unique,
            after: concat!($column, " >= ? AND (", $column, " > ? OR ", $unique, " > ?)"),
            by: concat!(" ORDER BY ", $column, ", ", $unique),
        }
    };
    ($column:literal, $unique:literal, desc) => {
        crate::store::page::Order {
            column: $column,
            unique: $unique,
            after: concat!($column, " <= ? AND (", $column, " < ? OR ", $unique, " < ?)"),
            by: concat!(" ORDER BY ", $column, " DESC, ", $unique, " DESC"),
        }
    };
}

pub(super) use order;

/// One page of `select` (a literal `SELECT … FROM …`), read by `read`.
pub(super) fn page<T>(
    tx: &Tx,
    select: &'static str,
    mut conditions: Conditions,
    order: Order,
    (cursor, limit): (Option<&str>, u32),
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Page<T>> {
    if let Some(cursor) = cursor {
        let (key, unique) = decode(cursor)?;
        conditions.add(order.after, [key.clone(), key, unique]);
    }
    let limit = limit.clamp(1, limits::PAGE_ROWS_MAX);
    let sql = format!("{select}{}{} LIMIT ?", conditions.clause(), order.by);
    conditions.values.push((limit + 1).into());
    let found = tx.query(&sql, &conditions.values)?;
    let shown = &found[..found.len().min(limit as usize)];
    let next = match shown.last() {
        Some(last) if found.len() > shown.len() => Some(encode(last.value(order.column)?, last.value(order.unique)?)),
        _ => None,
    };
    Ok(Page { rows: shown.iter().map(read).collect::<Result<_>>()?, next })
}

/// The pattern that finds `text` anywhere, for `LIKE ? ESCAPE '!'`.
pub(super) fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn encode(key: &Value, unique: &Value) -> String {
    let json = |value: &Value| match value {
        Value::Int(v) => serde_json::Value::from(*v),
        Value::Text(v) => serde_json::Value::from(v.as_str()),
        Value::Null | Value::Real(_) | Value::Blob(_) => serde_json::Value::Null,
    };
    URL_SAFE_NO_PAD.encode(serde_json::json!([json(key), json(unique)]).to_string())
}

fn decode(cursor: &str) -> Result<(Value, Value)> {
    let value = |json: &serde_json::Value| match json {
        serde_json::Value::Number(v) => v.as_i64().map(Value::Int),
        serde_json::Value::String(v) => Some(Value::Text(v.clone())),
        _ => None,
    };
    let parse = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let [key, unique] = serde_json::from_slice::<[serde_json::Value; 2]>(&bytes).ok()?;
        Some((value(&key)?, value(&unique)?))
    };
    parse().ok_or_else(|| Error::new(Kind::BadInput, "cursor_invalid"))
}
