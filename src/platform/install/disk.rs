//! Files of the installation. Every path lies in folders that only root may change, so that paths can be trusted.

#![expect(clippy::disallowed_methods, reason = "the installer's own files, named by constants")]

use crate::base::{Error, Kind, Result};
use crate::platform::files;
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// More than any unit, key or configuration of ours.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The text of a small file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>> {
    files::read_own(path, TEXT_BYTES_MAX)
}

/// Makes a folder with this mode; one that is there stays as it is.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<()> {
    match fs::DirBuilder::new().mode(mode).create(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            make_folder(path.parent().ok_or_else(|| Error::fault("a folder without parent"))?, 0o755)?;
            make_folder(path, mode)
        }
        // The mask may have taken bits away.
        made => {
            made.and_then(|()| fs::set_permissions(path, PermissionsExt::from_mode(mode))).map_err(|e| failed(path, &e))
        }
    }
}

/// Writes a file so that it is the former or the new one, never part of either, also after a power cut.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32, (uid, gid): (u32, u32)) -> Result<()> {
    let new = beside(path);
    let write = || {
        remove_if_there(&new)?;
        let mut file = File::options().write(true).create_new(true).mode(mode & 0o600).open(&new)?;
        file.write_all(bytes)?;
        std::os::unix::fs::fchown(&file, Some(uid), Some(gid))?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        sync_folder(path)
    };
    write().map_err(|e| failed(path, &e))
}

/// Copies the program at `from` to `to`, executable for everybody.
pub(super) fn copy_program(from: &Path, to: &Path) -> Result<()> {
    let new = beside(to);
    let copy = || {
        remove_if_there(&new)?;
        fs::copy(from, &new)?;
        fs::set_permissions(&new, PermissionsExt::from_mode(0o755))?;
        File::open(&new)?.sync_all()?;
        fs::rename(&new, to)?;
        sync_folder(to)
    };
    copy().map_err(|e| failed(to, &e))
}

/// Copies a file. Error: `release_incomplete` where there is none.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut source = File::open(from).map_err(|e| super::release::missing(from, &e))?;
    let mut copy = || {
        let mut target = File::options().write(true).create_new(true).mode(0o600).open(to)?;
        std::io::copy(&mut source, &mut target).map(drop)
    };
    copy().map_err(|e| failed(to, &e))
}

/// Makes `path` a link to `target`, in one step where one is there already.
pub(super) fn link(path: &Path, target: &str) -> Result<()> {
    let new = beside(path);
    let switch = || {
        remove_if_there(&new)?;
        std::os::unix::fs::symlink(target, &new)?;
        fs::rename(&new, path)?;
        sync_folder(path)
    };
    switch().map_err(|e| failed(path, &e))
}

/// Where the link at `path` leads; `None` where there is no link.
pub(super) fn link_target(path: &Path) -> Option<PathBuf> {
    fs::read_link(path).ok()
}

/// Whether anything is at `path`, a dangling link too.
pub(super) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Deletes a file or link, or a folder with all that is in it; links are deleted, never followed.
pub(super) fn remove(path: &Path) -> Result<()> {
    let done = match path.symlink_metadata() {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match done {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(failed(path, &e)),
        _ => Ok(()),
    }
}

/// Deletes a folder that has become empty; one that is in use stays.
pub(super) fn remove_empty(path: &Path) -> Result<()> {
    match fs::remove_dir(path) {
        Err(e) if !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => Err(failed(path, &e)),
        _ => Ok(()),
    }
}

/// Takes the lock file at `path`; `None` when another process has it.
pub(super) fn lock(path: &Path) -> Result<Option<File>> {
    let options = || File::options().write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = options().map_err(|e| failed(path, &e))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(e) => Err(failed(path, &e.into())),
    }
}

/// Names in a folder, sorted; none where there is no folder.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Sets owner, group and mode of what `path` is itself, through a descriptor that was checked to be no link.
pub(super) fn set_owner_and_mode(path: &Path, (uid, gid): (u32, u32), mode: u32) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let set = || {
        let fd = rustix::fs::open(path, flags, Mode::empty())?;
        let (uid, gid) = (rustix::process::Uid::from_raw(uid), rustix::process::Gid::from_raw(gid));
        rustix::fs::fchown(&fd, Some(uid), Some(gid))?;
        rustix::fs::fchmod(&fd, Mode::from_raw_mode(mode))
    };
    set().map_err(|e| failed(path, &e.into()))
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn failed(path: &Path, e: &std::io::Error) -> Error {
    let (kind, code) = match e.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (Kind::Unavailable, "disk_full"),
        ErrorKind::ReadOnlyFilesystem => (Kind::Unavailable, "disk_read_only"),
        ErrorKind::PermissionDenied => (Kind::External, "file_denied"),
        _ => (Kind::External, "file_failed"),
    };
    Error::new(kind, code).with("path", path.display()).with("reason", e)
}
