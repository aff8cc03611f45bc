//! One transaction on one connection.

use super::errors::sql_error;
use crate::base::Result;
use crate::store::driver::Session;
use crate::store::{Row, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use std::sync::Arc;

/// Rolls back when it is dropped before [`Transaction::commit`], which is what makes a panic harmless.
pub(super) struct Transaction<'c> {
    connection: &'c Connection,
}

impl<'c> Transaction<'c> {
    pub(super) fn begin(connection: &'c Connection, how: &str) -> Result<Self> {
        connection.execute_batch(how).map_err(sql_error)?;
        Ok(Self { connection })
    }

    pub(super) fn commit(self) -> Result<()> {
        self.connection.execute_batch("COMMIT").map_err(sql_error)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // SQLite has already rolled back by itself after some errors, such as a full disk.
        if !self.connection.is_autocommit()
            && let Err(e) = self.connection.execute_batch("ROLLBACK")
        {
            log::error!("rolling back failed: {e}");
        }
    }
}

impl Session for Transaction<'_> {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.query_raw(sql, params).map_err(|e| sql_error(e).cause(sql))
    }

    fn exec(&self, sql: &str, params: &[Value]) -> Result<u64> {
        let run = || self.connection.prepare_cached(sql)?.execute(rusqlite::params_from_iter(params));
        run().map(|n| n as u64).map_err(|e| sql_error(e).cause(sql))
    }
}

impl Transaction<'_> {
    fn query_raw(&self, sql: &str, params: &[Value]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let names: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..names.len()).map(|i| row.get_ref(i).map(own)).collect::<rusqlite::Result<_>>()?;
            found.push(Row::new(names.clone(), values));
        }
        Ok(found)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Real(v) => ValueRef::Real(*v),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Blob(v) => ValueRef::Blob(v),
        }))
    }
}

fn own(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Real(v) => Value::Real(v),
        ValueRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        ValueRef::Blob(v) => Value::Blob(v.to_vec()),
    }
}
