//! Floor 1: the panel's own database. SQLite today; PostgreSQL and MySQL become another [`driver::Driver`].
//!
//! Everything above speaks [`Store`], [`Tx`], [`Value`] and [`Row`]; no type of the SQLite library leaves `sqlite/`.
//! The SQL in the table families is the portable subset: `?` placeholders, ids made by us, times as integer
//! milliseconds UTC, booleans as 0/1, JSON as opaque text, no `RETURNING`, upsert, partial index or `AUTOINCREMENT`.

mod db;
mod driver;
pub mod key_file;
pub mod keys;
pub mod lease;
pub mod migrations;
pub mod seal;
mod sqlite;
mod value;

#[cfg(test)]
pub(crate) mod testing;

pub use db::{Options, PoolFigures, READERS_DEFAULT, Store, Tx};
pub use keys::Keys;
pub use sqlite::files::StateLock;
pub use value::{Column, FromValue, Row, Value};

/// The values of one statement, in the order of its `?` placeholders: `&values![id, name, None::<String>]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::store::Value::from($value)),*] };
}

#[cfg(test)]
mod tests;
