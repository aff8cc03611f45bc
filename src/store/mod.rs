//! Floor 1: the panel's own database. SQLite today; PostgreSQL and MySQL become another [`driver::Driver`].
//!
//! Everything above speaks [`Store`], [`Tx`], [`Value`] and [`Row`]; no type of the SQLite library leaves `sqlite/`.
//! The SQL in the table families is the portable subset: `?` placeholders, ids made by us, times as integer
//! milliseconds UTC, booleans as 0/1, JSON as opaque text, no `RETURNING`, upsert, partial index or `AUTOINCREMENT`.

pub mod audit;
pub mod backends;
pub mod claim;
mod db;
mod driver;
pub mod failures;
pub mod generation;
pub mod guard;
pub mod idempotency;
pub mod jobs;
pub mod kept;
pub mod key_file;
pub mod keys;
pub mod lease;
pub mod list_views;
pub mod managed_files;
pub mod migrations;
mod page;
pub mod plans;
pub mod preferences;
pub mod reservations;
mod rows;
pub mod seal;
pub mod series;
pub mod server_names;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod site_changes;
pub mod sites;
mod sqlite;
pub mod tokens;
pub mod users;
mod value;

#[cfg(test)]
pub(crate) mod testing;

pub use db::{Options, PoolFigures, READERS_DEFAULT, Store, Tx};
pub use keys::Keys;
pub use page::Page;
pub use sqlite::files::StateLock;
pub use sqlite::self_test;
pub use value::{Column, FromValue, Row, Value};

/// The values of one statement, in the order of its `?` placeholders: `&values![id, name, None::<String>]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::store::Value::from($value)),*] };
}

#[cfg(test)]
mod tests;
