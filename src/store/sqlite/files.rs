//! The files of the store: a private folder with one owner, private files in it.
#![allow(clippy::disallowed_methods, reason = "the database's own files cannot go through `platform`, a peer floor")]
#![allow(clippy::disallowed_types, reason = "the database's own files cannot go through `platform`, a peer floor")]

use crate::base::{Error, Kind, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LOCK_FILE: &str = "lock";
/// A child that a killed panel was just starting has the lock until its own program begins; so have the threads of a
/// store that was let go, until their connections are closed.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// Between two looks at it.
const LOCK_LOOK: Duration = Duration::from_millis(5);
/// More than any master key.
const KEY_FILE_BYTES_MAX: u64 = 4096;

/// Ownership of the state folder; the kernel gives it up when the process ends, however it ends.
#[derive(Debug)]
pub struct StateLock {
    folder: PathBuf,
    _file: File,
}

impl StateLock {
    /// Takes the folder, creating it with mode 0700. Errors: `state_in_use` when another process has it, for longer than
    /// [`LOCK_WAIT`]; `state_folder_open` when others may enter it.
    pub fn take(folder: &Path) -> Result<StateLock> {
        private_folder(folder)?;
        let path = folder.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(|e| file_error(&path, &e))?;
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(StateLock { folder: folder.to_owned(), _file: file }),
                Err(Errno::WOULDBLOCK) if Instant::now() < deadline => std::thread::sleep(LOCK_LOOK),
                Err(Errno::WOULDBLOCK) => {
                    return Err(Error::new(Kind::Conflict, "state_in_use").with("path", folder.display()));
                }
                Err(e) => return Err(file_error(&path, &e.into())),
            }
        }
    }

    /// Takes the folder of a panel that ran before; `None` where none ever did, and nothing is made there.
    pub fn take_where_used(folder: &Path) -> Result<Option<StateLock>> {
        if folder.join(LOCK_FILE).exists() { StateLock::take(folder).map(Some) } else { Ok(None) }
    }

    /// The state folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Makes sure that `folder` exists and is ours alone. It refuses instead of changing the mode of a folder it did not
/// make, which may be somebody's home.
fn private_folder(folder: &Path) -> Result<()> {
    let failed = |e: io::Error| file_error(folder, &e);
    if !folder.exists() {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(failed(e)),
            _ => {}
        }
    }
    let mode = fs::metadata(folder).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let e = Error::new(Kind::Unavailable, "state_folder_open");
    Err(e.with("path", folder.display()).with("mode", format!("{mode:04o}")))
}

/// Makes sure that `path` exists with mode 0600; SQLite gives its companions the same mode.
pub(super) fn private_file(path: &Path) -> Result<()> {
    let failed = |e: io::Error| file_error(path, &e);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
    }
    Ok(())
}

/// Creates an empty file of mode 0600, and the folder it is in; an error when it exists.
pub(super) fn new_private_file(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|f| !f.exists()) {
        private_folder(folder)?;
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map(drop).map_err(|e| file_error(path, &e))
}

/// Puts a copy of `from` in the place of the database file `to`. Its log goes first: it belongs to the former content.
pub(in crate::store) fn replace(from: &Path, to: &Path) -> Result<()> {
    let part = unfinished(to);
    remove(&part);
    fs::copy(from, &part).map_err(|e| file_error(&part, &e))?;
    for end in ["-wal", "-shm"] {
        let mut name = to.as_os_str().to_owned();
        name.push(end);
        remove(Path::new(&name));
    }
    finish(&part, to)
}

/// The name a file has while it is written.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Brings a file to the disk and then gives it its name.
pub(super) fn finish(part: &Path, path: &Path) -> Result<()> {
    let brought = File::open(part).and_then(|f| f.sync_all()).and_then(|()| fs::rename(part, path));
    brought.map_err(|e| file_error(path, &e))?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> Result<()> {
    let synced = path.parent().map_or(Ok(()), |folder| File::open(folder).and_then(|f| f.sync_all()));
    synced.map_err(|e| file_error(path, &e))
}

/// Removes a file of ours; one that is gone is fine, one that stays is logged.
pub(in crate::store) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => log::warn!("cannot remove {}: {e}", path.display()),
        _ => {}
    }
}

/// Removes an empty folder of ours, as [`remove`] does a file.
pub(in crate::store) fn remove_folder(path: &Path) {
    match fs::remove_dir(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => log::warn!("cannot remove {}: {e}", path.display()),
        _ => {}
    }
}

/// Names of the files in a folder of ours, sorted; none when the folder does not exist.
pub(in crate::store) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Size of a file in bytes, 0 when it does not exist.
pub(in crate::store) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

/// Creates the master key file with mode 0600; an error when it exists.
pub(in crate::store) fn create_key_file(path: &Path, key: &[u8]) -> Result<()> {
    let failed = |e: io::Error| file_error(path, &e);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(key).and_then(|()| file.sync_all()).map_err(failed)?;
    sync_folder(path)
}

/// The bytes of the master key file with its mode and group; `None` when it does not exist.
pub(in crate::store) fn read_key_file(path: &Path) -> Result<Option<(Vec<u8>, u32, u32)>> {
    let failed = |e: io::Error| file_error(path, &e);
    let file = match File::open(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let about = file.metadata().map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some((bytes, about.mode() & 0o777, about.gid())))
}

/// The product's error for one of the file system's.
fn file_error(path: &Path, error: &io::Error) -> Error {
    let code = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "disk_full",
        ErrorKind::ReadOnlyFilesystem => "disk_read_only",
        _ => "store_cannot_open",
    };
    Error::new(Kind::Unavailable, code).with("path", path.display()).cause(error)
}
