//! The store as everybody above sees it.

use super::driver::{Driver, Session};
use super::migrations::{self, Migration};
use super::sqlite::files::StateLock;
use super::{Keys, Row, Value, sqlite};
use crate::base::clock::{Clock, Time};
use crate::base::{Error, Kind, Result, Secret};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Readers when nobody says otherwise: enough for the few requests that wait for the disk at once.
pub const READERS_DEFAULT: u32 = 4;

/// How to open the store.
pub struct Options {
    /// The database file; its folder is the state folder, owned by one process at a time.
    pub path: PathBuf,
    /// The master key, at least 32 bytes.
    pub master_key: Secret<Vec<u8>>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Reading connections, at least one.
    pub readers: u32,
}

/// How busy the database is, for the readiness probe and the metrics.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PoolFigures {
    /// Reading connections that are open.
    pub readers: u32,
    /// Reading connections in use.
    pub readers_busy: u32,
    /// Whether a writing transaction is under way.
    pub writer_busy: bool,
    /// Size of the database file in bytes.
    pub file_bytes: u64,
    /// Size of the write-ahead log in bytes.
    pub wal_bytes: u64,
}

/// The database, cheap to clone and to share between threads. Its calls block: keep them off the async threads.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    driver: Box<dyn Driver>,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    keys: Keys,
    migrations: &'static [Migration],
    /// Ownership of the state folder; a store that is only looked at has none.
    lock: Option<Arc<StateLock>>,
    lost: AtomicBool,
    changes: AtomicU64,
}

impl Store {
    /// Takes the state folder and opens the database in it, creating both when they are missing. It does not migrate:
    /// see [`migrations::up`]. Errors: `state_in_use`, `state_folder_open`, `store_newer`, `store_damaged` and those
    /// of the disk.
    pub fn open(options: Options) -> Result<Store> {
        let folder = options.path.parent().ok_or_else(|| Error::fault("the database path has no folder"))?;
        let lock = Arc::new(StateLock::take(folder)?);
        Self::open_locked(lock, options)
    }

    /// As [`Store::open`] for a caller that already owns the state folder.
    pub fn open_locked(lock: Arc<StateLock>, options: Options) -> Result<Store> {
        let Options { path, master_key, clock, readers } = options;
        let keys = Keys::new(master_key.expose())?;
        let driver = sqlite::Database::open(&path, readers)?;
        Self::assemble((path, driver), clock, keys, Some(lock), migrations::ALL)
    }

    /// Opens a database that is there, to look at it: it needs no ownership of the state folder, so that the panel may run
    /// meanwhile, and every write fails. Errors: those of [`Store::open`] without `state_in_use`.
    pub fn look(options: Options) -> Result<Store> {
        let Options { path, master_key, clock, readers } = options;
        let keys = Keys::new(master_key.expose())?;
        let driver = sqlite::Database::look(&path, readers)?;
        Self::assemble((path, driver), clock, keys, None, migrations::ALL)
    }

    /// Opens another database file in the same state folder, with migrations of its own.
    pub fn open_beside(&self, file_name: &str, readers: u32, migrations: &'static [Migration]) -> Result<Store> {
        let path = self.folder().join(file_name);
        let driver = sqlite::Database::open(&path, readers)?;
        let Inner { clock, keys, lock, .. } = &*self.0;
        Self::assemble((path, driver), clock.clone(), keys.clone(), lock.clone(), migrations)
    }

    /// Opens a database in another folder with the keys and migrations of this one, for a trial.
    pub(super) fn open_elsewhere(&self, path: &Path) -> Result<Store> {
        let folder = path.parent().ok_or_else(|| Error::fault("the database path has no folder"))?;
        let lock = Arc::new(StateLock::take(folder)?);
        let Inner { clock, keys, migrations, .. } = &*self.0;
        let driver = sqlite::Database::open(path, 1)?;
        Self::assemble((path.to_owned(), driver), clock.clone(), keys.clone(), Some(lock), migrations)
    }

    fn assemble(
        (path, driver): (PathBuf, sqlite::Database),
        clock: Arc<dyn Clock>,
        keys: Keys,
        lock: Option<Arc<StateLock>>,
        migrations: &'static [Migration],
    ) -> Result<Store> {
        let store = Store(Arc::new(Inner {
            driver: Box::new(driver),
            path,
            clock,
            keys,
            migrations,
            lock,
            lost: AtomicBool::new(false),
            changes: AtomicU64::new(0),
        }));
        migrations::refuse_newer(&store)?;
        Ok(store)
    }

    /// Runs `work` on one consistent state of the database.
    pub fn read<T>(&self, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        run(work, |w| self.0.driver.read(w))
    }

    /// Runs `work` as the one writer. `Ok` means it is on the disk; after an error or a panic nothing of it is left.
    /// A second call from inside `work` would wait for itself and answers `store_busy`. Error `store_lost` after
    /// [`Store::refuse_writes`].
    pub fn write<T>(&self, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        if self.0.lost.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Unavailable, "store_lost"));
        }
        let done = run(work, |w| self.0.driver.write(w));
        self.note_change();
        done
    }

    /// Counts a change of something that is made from the database and kept beside it.
    pub fn note_change(&self) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts the writing transactions of this process, which are all there are, and [`Store::note_change`]: what was read
    /// after this answered `n` is still so while it answers `n`.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::SeqCst)
    }

    /// Refuses every write from now on: somebody else serves this database. As every change of the machine begins with a
    /// write, nothing is changed any more.
    pub fn refuse_writes(&self) {
        self.0.lost.store(true, Ordering::Relaxed);
    }

    /// How long a small read takes now; an error when the database does not answer.
    pub fn ping(&self) -> Result<Duration> {
        let start = Instant::now();
        self.0.driver.has_table("schema_migrations")?;
        Ok(start.elapsed())
    }

    /// How busy the connections are and how much disk the database takes.
    pub fn figures(&self) -> PoolFigures {
        self.0.driver.figures()
    }

    /// A consistent copy of the whole database in a new file of mode 0600.
    pub fn snapshot(&self, to: &Path) -> Result<()> {
        self.0.driver.snapshot(to)
    }

    /// The time now by the clock the store was opened with.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// The keys derived from the master key.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The state folder.
    pub fn folder(&self) -> &Path {
        self.0.path.parent().unwrap_or(Path::new("/"))
    }

    /// Whether owning the state folder means owning the database, as it does for a file.
    pub fn owns_files(&self) -> bool {
        self.0.driver.owns_files()
    }

    pub(super) fn driver(&self) -> &dyn Driver {
        &*self.0.driver
    }

    pub(super) fn migrations(&self) -> &'static [Migration] {
        self.0.migrations
    }
}

/// Carries a typed, once-only closure through the driver's object-safe interface.
fn run<T>(
    work: impl FnOnce(&Tx) -> Result<T>,
    through: impl FnOnce(&mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()>,
) -> Result<T> {
    let mut work = Some(work);
    let mut answer = None;
    through(&mut |session| {
        let work = work.take().ok_or_else(|| Error::fault("the driver ran one transaction twice"))?;
        answer = Some(work(&Tx { session })?);
        Ok(())
    })?;
    answer.ok_or_else(|| Error::fault("the driver ran no transaction"))
}

/// An open transaction.
pub struct Tx<'a> {
    session: &'a dyn Session,
}

impl Tx<'_> {
    /// All rows of a query; the statement bounds their number.
    pub fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.session.query(sql, params)
    }

    /// The first row of a query, where there is one.
    pub fn one(&self, sql: &str, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.session.query(sql, params)?.into_iter().next())
    }

    /// The number a query such as `SELECT COUNT(*)` answers.
    pub fn count(&self, sql: &str, params: &[Value]) -> Result<i64> {
        self.one(sql, params)?.map_or(Ok(0), |row| row.get(0))
    }

    /// Runs a statement that changes rows; how many it changed.
    pub fn exec(&self, sql: &str, params: &[Value]) -> Result<u64> {
        self.session.exec(sql, params)
    }

    /// As [`Tx::exec`] for a statement that must change exactly one row; `false` when there was none.
    pub fn exec_one(&self, sql: &str, params: &[Value]) -> Result<bool> {
        match self.exec(sql, params)? {
            0 => Ok(false),
            1 => Ok(true),
            n => Err(Error::fault(format!("{n} rows changed where one was meant"))),
        }
    }
}
