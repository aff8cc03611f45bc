//! The SQLite driver: write-ahead log, one writer, a pool of readers that cannot write.

mod errors;
pub(super) mod files;
pub(super) mod scratch;
mod session;

use super::PoolFigures;
use super::driver::{Driver, Work};
use crate::base::{Error, Result};
use errors::{sql_error, sql_error_in};
use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};
use scheduled_thread_pool::ScheduledThreadPool;
use session::Transaction;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Time a transaction waits for its turn before it fails with `store_busy`.
const WAIT_MS_MAX: u64 = 10_000;
/// Compiled statements each connection keeps; the product has fewer than this.
const STATEMENTS_KEPT: usize = 256;

/// An open database file.
pub(super) struct Database {
    path: PathBuf,
    /// Absent where the database is only looked at.
    writer: Option<Pool<SqliteConnectionManager>>,
    readers: Pool<SqliteConnectionManager>,
}

impl Database {
    /// Opens the file, creating it with mode 0600.
    pub(super) fn open(path: &Path, readers: u32) -> Result<Database> {
        files::private_file(path)?;
        // Opened once outside the pool, because the pool keeps only the text of an error and tries for long.
        let first = Connection::open_with_flags(path, writer_flags()).map_err(|e| sql_error_in(path, e))?;
        prepare_writer(&first).and_then(|()| look(&first)).map_err(|e| sql_error_in(path, e))?;
        // Without one of its own, each pool would keep three threads that open connections.
        let opener = Arc::new(ScheduledThreadPool::builder().num_threads(1).thread_name_pattern("store").build());
        let writer = pool(path, (1, &opener), writer_flags(), prepare_writer)?;
        let readers = pool(path, (readers.max(1), &opener), reader_flags(), prepare_reader)?;
        Ok(Database { path: path.to_owned(), writer: Some(writer), readers })
    }

    /// Opens the file only to look at it, and leaves nothing beside it: whoever looks may be somebody else than the owner.
    pub(super) fn look(path: &Path, readers: u32) -> Result<Database> {
        let (name, flags) = if beside(path, "-wal").exists() {
            (path.to_owned(), reader_flags())
        } else {
            // Nobody has it open. A reader would make both files of the write-ahead log, and could not remove them.
            (immutable(path), reader_flags() | OpenFlags::SQLITE_OPEN_URI)
        };
        let first = Connection::open_with_flags(&name, flags).map_err(|e| sql_error_in(path, e))?;
        look(&first).map_err(|e| sql_error_in(path, e))?;
        let opener = Arc::new(ScheduledThreadPool::builder().num_threads(1).thread_name_pattern("store").build());
        let readers = pool(&name, (readers.max(1), &opener), flags, prepare_reader)?;
        Ok(Database { path: path.to_owned(), writer: None, readers })
    }
}

/// The path of a file that SQLite keeps beside the database.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The database as a file that nobody changes meanwhile (SQLite, "Uniform Resource Identifiers").
fn immutable(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let escaped = bytes.iter().flat_map(|byte| match byte {
        b'%' | b'?' | b'#' => format!("%{byte:02x}").into_bytes(),
        plain => vec![*plain],
    });
    OsString::from_vec([b"file:".to_vec(), escaped.collect(), b"?immutable=1".to_vec()].concat()).into()
}

/// Writes and reads a database in memory: whether this build's SQLite works at all.
pub fn self_test() -> Result<()> {
    let tried = Connection::open_in_memory().and_then(|c| {
        c.execute_batch("CREATE TABLE light (name TEXT); INSERT INTO light VALUES ('منارة');")?;
        c.query_row("SELECT name FROM light", [], |row| row.get::<_, String>(0))
    });
    match tried {
        Ok(name) if name == "منارة" => Ok(()),
        Ok(name) => Err(Error::fault(format!("SQLite answers {name:?}"))),
        Err(e) => Err(Error::fault(e)),
    }
}

fn reader_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn writer_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn pool(
    path: &Path,
    (size, opener): (u32, &Arc<ScheduledThreadPool>),
    flags: OpenFlags,
    prepare: fn(&Connection) -> rusqlite::Result<()>,
) -> Result<Pool<SqliteConnectionManager>> {
    let manager = SqliteConnectionManager::file(path).with_flags(flags).with_init(move |c| prepare(c));
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .thread_pool(opener.clone())
        .test_on_check_out(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connection_timeout(Duration::from_millis(WAIT_MS_MAX))
        .build(manager)
        .map_err(errors::pool_error)
}

fn prepare_writer(connection: &Connection) -> rusqlite::Result<()> {
    // The busy timeout comes first: even switching to the write-ahead log may meet somebody else's lock.
    connection.busy_timeout(Duration::from_millis(WAIT_MS_MAX))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    prepare_both(connection)
}

fn prepare_reader(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(WAIT_MS_MAX))?;
    connection.pragma_update(None, "query_only", true)?;
    prepare_both(connection)
}

fn prepare_both(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

/// Reads the schema, which is where a file that is no database shows.
fn look(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |_| Ok(()))
}

impl Driver for Database {
    fn read(&self, work: Work<'_>) -> Result<()> {
        let connection = self.readers.get().map_err(errors::pool_error)?;
        let transaction = Transaction::begin(&connection, "BEGIN DEFERRED")?;
        work(&transaction)
    }

    fn write(&self, work: Work<'_>) -> Result<()> {
        let writer =
            self.writer.as_ref().ok_or_else(|| Error::fault("a database that is only looked at was written"))?;
        let connection = writer.get().map_err(errors::pool_error)?;
        let transaction = Transaction::begin(&connection, "BEGIN IMMEDIATE")?;
        work(&transaction)?;
        transaction.commit()
    }

    fn figures(&self) -> PoolFigures {
        let (readers, writer) = (self.readers.state(), self.writer.as_ref().map(Pool::state));
        PoolFigures {
            readers: readers.connections,
            readers_busy: readers.connections - readers.idle_connections.min(readers.connections),
            writer_busy: writer.is_some_and(|w| w.idle_connections == 0),
            file_bytes: files::size(&self.path),
            wal_bytes: files::size(&beside(&self.path, "-wal")),
        }
    }

    fn owns_files(&self) -> bool {
        true
    }

    fn has_table(&self, name: &str) -> Result<bool> {
        let connection = self.readers.get().map_err(errors::pool_error)?;
        let sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?";
        let count: i64 = connection.query_row(sql, [name], |row| row.get(0)).map_err(sql_error)?;
        Ok(count > 0)
    }

    fn snapshot(&self, to: &Path) -> Result<()> {
        // Under another name until it is whole: a killed run leaves nothing that looks like a snapshot.
        let part = files::unfinished(to);
        files::remove(&part);
        files::new_private_file(&part)?;
        let done = self.copy_to(&part).and_then(|()| files::finish(&part, to));
        if done.is_err() {
            files::remove(&part);
        }
        done
    }
}

impl Database {
    fn copy_to(&self, to: &Path) -> Result<()> {
        let from = self.readers.get().map_err(errors::pool_error)?;
        let mut target = Connection::open_with_flags(to, writer_flags()).map_err(|e| sql_error_in(to, e))?;
        let backup = rusqlite::backup::Backup::new(&from, &mut target).map_err(|e| sql_error_in(to, e))?;
        // All pages at once, because a copy in pieces begins again whenever somebody writes in between.
        match backup.step(-1).map_err(|e| sql_error_in(to, e))? {
            rusqlite::backup::StepResult::Done => Ok(()),
            _ => Err(Error::new(crate::base::Kind::Unavailable, "store_busy")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_leaves_nothing_beside_a_database_that_nobody_has_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a 100% #1?.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7);").unwrap();
        drop(made);
        let alone = files::names(folder.path());
        assert_eq!(alone.len(), 1);
        let read = |database: &Database| {
            let connection = database.readers.get().unwrap();
            connection.query_row("SELECT n FROM t", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        let database = Database::look(&path, 1).unwrap();
        assert_eq!(read(&database), 7);
        assert!(database.readers.get().unwrap().execute("DELETE FROM t", []).is_err());
        drop(database);
        assert_eq!(files::names(folder.path()), alone);
        // Somebody who has it open is seen writing.
        let writer = Connection::open(&path).unwrap();
        writer.execute("UPDATE t SET n = 8", []).unwrap();
        let database = Database::look(&path, 1).unwrap();
        assert_eq!(read(&database), 8);
    }
}
