//! What a database has to offer. One implementation today, `sqlite::Database`.

use super::{PoolFigures, Row, Value};
use crate::base::Result;
use std::path::Path;

/// Work done inside one transaction.
pub(super) type Work<'a> = &'a mut dyn FnMut(&dyn Session) -> Result<()>;

/// A connection inside a transaction.
pub(super) trait Session {
    /// Runs a statement that answers rows.
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>>;
    /// Runs a statement that changes rows; how many it changed.
    fn exec(&self, sql: &str, params: &[Value]) -> Result<u64>;
}

/// A database with one writer and many readers.
pub(super) trait Driver: Send + Sync {
    /// Runs `work` on a reader that sees one consistent state and cannot write.
    fn read(&self, work: Work<'_>) -> Result<()>;
    /// Runs `work` on the one writer: durable when this answers `Ok`, without a trace otherwise, also after a panic.
    fn write(&self, work: Work<'_>) -> Result<()>;
    /// How busy the connections are and how much disk the database takes.
    fn figures(&self) -> PoolFigures;
    /// Whether the database is a file in the state folder.
    fn owns_files(&self) -> bool;
    /// Whether a table of this name exists.
    fn has_table(&self, name: &str) -> Result<bool>;
    /// A consistent copy of the whole database in a new file of mode 0600.
    fn snapshot(&self, to: &Path) -> Result<()>;
}
