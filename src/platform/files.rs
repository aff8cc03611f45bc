//! Files beneath an allowed root, by descriptor: no path can leave the root, also when somebody swaps a folder for a
//! symbolic link between check and use.

#![expect(clippy::disallowed_methods, reason = "the one place that writes files")]

use crate::base::clock::Time;
use crate::base::{Error, Kind, Result};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A folder below which files are read and written. Paths handed in are relative; symbolic links below the root are
/// never followed.
#[derive(Debug)]
pub struct RootDir {
    path: PathBuf,
    fd: OwnedFd,
}

/// What a folder entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Whether it is an ordinary file: no folder, link, device, pipe or socket.
    pub is_file: bool,
    /// Size in bytes.
    pub size: u64,
}

impl RootDir {
    /// Opens `path`, making it (mode 0755) when it is missing.
    pub fn open_or_make(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|e| io_error(&e, path))?;
        let fd =
            rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(|e| failed(e, path))?;
        Ok(Self { path: path.to_owned(), fd })
    }

    /// Lets nobody else into the folder.
    pub fn make_private(&self) -> Result<()> {
        rustix::fs::fchmod(&self.fd, Mode::from_raw_mode(0o700)).map_err(|e| failed(e, &self.path))
    }

    /// Absolute path of `rel`, for messages and for programs that take a path.
    pub fn path(&self, rel: &str) -> PathBuf {
        if rel.is_empty() { self.path.clone() } else { self.path.join(rel) }
    }

    fn open_at(&self, rel: &str, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        let rel = if rel.is_empty() { "." } else { rel };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
        match rustix::fs::openat2(&self.fd, rel, flags, mode, resolve) {
            Err(Errno::NOSYS) => self.walk(rel, flags, mode),
            other => other,
        }
    }

    /// The same as `openat2` for kernels and emulators without it: one component at a time, never through a link.
    fn walk(&self, rel: &str, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
        let mut parts: Vec<&str> = rel.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
        if parts.contains(&"..") || rel.starts_with('/') {
            return Err(Errno::XDEV);
        }
        let last = parts.pop().unwrap_or(".");
        let mut at = rustix::fs::openat(&self.fd, ".", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        for part in parts {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            at = rustix::fs::openat(&at, part, flags, Mode::empty())?;
        }
        rustix::fs::openat(&at, last, flags | OFlags::NOFOLLOW, mode)
    }

    /// The folder that holds `rel`, and the last component.
    fn parent<'a>(&self, rel: &'a str) -> Result<(OwnedFd, &'a str)> {
        let (dir, name) = rel.rsplit_once('/').unwrap_or(("", rel));
        if matches!(name, "" | "." | "..") {
            return Err(Error::fault(format!("not a file name: {rel}")));
        }
        let fd = self.open_at(dir, OFlags::DIRECTORY, Mode::empty()).map_err(|e| failed(e, &self.path(dir)))?;
        Ok((fd, name))
    }

    /// Makes `rel` and the folders above it; they are durable once something in them is.
    pub fn make_dirs(&self, rel: &str, mode: u32) -> Result<()> {
        let mut done = String::new();
        for part in rel.split('/').filter(|p| !p.is_empty()) {
            if !done.is_empty() {
                done.push('/');
            }
            done.push_str(part);
            let (dir, name) = self.parent(&done)?;
            match rustix::fs::mkdirat(&dir, name, Mode::from_raw_mode(mode)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(failed(e, &self.path(&done))),
            }
        }
        Ok(())
    }

    /// The content of `rel`, at most `max` bytes; `None` when it is not there.
    pub fn read(&self, rel: &str, max: usize) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.open_to_read(rel)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|e| io_error(&e, &self.path(rel)))?;
        if bytes.len() > max {
            return Err(Error::new(Kind::TooLarge, "file_too_large")
                .with("path", self.path(rel).display())
                .with("max", max));
        }
        Ok(Some(bytes))
    }

    /// Replaces `rel` by `bytes` so that after a crash it is the old file or the new one, never part of either.
    pub fn write(&self, rel: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.prepare(rel, bytes, mode, true)?;
        self.put(rel)?;
        self.sync_folder(rel)
    }

    /// Writes `rel` without making it durable: for files that a crash may take.
    pub fn write_lightly(&self, rel: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.prepare(rel, bytes, mode, false)?;
        self.put(rel)
    }

    /// Writes the new content of `rel` beside it; nobody sees it before [`RootDir::put`]. When not `durable`, the caller
    /// makes it so with [`RootDir::sync_all`] before it puts it in place.
    pub fn prepare(&self, rel: &str, bytes: &[u8], mode: u32, durable: bool) -> Result<()> {
        let (dir, name) = self.parent(rel)?;
        let temporary = temporary(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let make = || rustix::fs::openat(&dir, &temporary, flags, Mode::from_raw_mode(mode));
        let made = match make() {
            // What a crash left there goes; it is never written into, since it may have become a link to another file.
            Err(Errno::EXIST) => rustix::fs::unlinkat(&dir, &temporary, AtFlags::empty()).and_then(|()| make()),
            made => made,
        };
        let fd = made.map_err(|e| failed(e, &self.path(rel)))?;
        let mut file = File::from(fd);
        let written = file.write_all(bytes).and_then(|()| if durable { file.sync_all() } else { Ok(()) });
        let done = written.map_err(|e| io_error(&e, &self.path(rel))).and_then(|()| {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).map_err(|e| failed(e, &self.path(rel)))
        });
        if done.is_err() {
            // Best effort: the leftover is overwritten by the next write anyway.
            let _ = rustix::fs::unlinkat(&dir, &temporary, AtFlags::empty());
        }
        done
    }

    /// Puts the prepared content of `rel` in place.
    pub fn put(&self, rel: &str) -> Result<()> {
        let (dir, name) = self.parent(rel)?;
        rustix::fs::renameat(&dir, temporary(name), &dir, name).map_err(|e| failed(e, &self.path(rel)))
    }

    /// Drops what was prepared for `rel`, if anything was.
    pub fn discard(&self, rel: &str) -> Result<()> {
        let (folder, name) = rel.rsplit_once('/').unwrap_or(("", rel));
        self.remove(format!("{folder}/{}", temporary(name)).trim_start_matches('/'))
    }

    /// Makes the entry of `rel` in its folder durable.
    pub fn sync_folder(&self, rel: &str) -> Result<()> {
        sync(&self.parent(rel)?.0, &self.path(rel))
    }

    /// Makes everything on this file system durable: one wait instead of one for each of many files.
    pub fn sync_all(&self) -> Result<()> {
        rustix::fs::syncfs(&self.fd).map_err(|e| failed(e, &self.path))
    }

    /// Deletes the file `rel`, not durably; it is no error when it is gone already.
    pub fn remove_lightly(&self, rel: &str) -> Result<()> {
        let (dir, name) = self.parent(rel)?;
        match rustix::fs::unlinkat(&dir, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(failed(e, &self.path(rel))),
        }
    }

    /// Deletes the file `rel`; it is no error when it is gone already.
    pub fn remove(&self, rel: &str) -> Result<()> {
        let (dir, name) = match self.parent(rel) {
            Err(e) if e.code() == "path_missing" => return Ok(()),
            other => other?,
        };
        match rustix::fs::unlinkat(&dir, name, AtFlags::empty()) {
            Ok(()) => sync(&dir, &self.path(rel)),
            Err(Errno::NOENT) => Ok(()),
            // A disk that can only be read says so before it looks for the file.
            Err(Errno::ROFS) if self.stat(rel)?.is_none() => Ok(()),
            Err(e) => Err(failed(e, &self.path(rel))),
        }
    }

    /// Deletes the folder `rel` with all that is in it; links are deleted, never followed.
    pub fn remove_tree(&self, rel: &str) -> Result<()> {
        let (dir, name) = match self.parent(rel) {
            Err(e) if e.code() == "path_missing" => return Ok(()),
            other => other?,
        };
        remove_beneath(&dir, name).map_err(|e| failed(e, &self.path(rel)))
    }

    /// Moves `from` to `to`, which must not exist.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (old_dir, old) = self.parent(from)?;
        let (new_dir, new) = self.parent(to)?;
        let moved = match rustix::fs::renameat_with(&old_dir, old, &new_dir, new, RenameFlags::NOREPLACE) {
            // Some file systems and emulators do not know the flag.
            Err(Errno::INVAL | Errno::NOSYS) if self.stat(to)?.is_none() => {
                rustix::fs::renameat(&old_dir, old, &new_dir, new)
            }
            other => other,
        };
        moved.map_err(|e| failed(e, &self.path(to)))?;
        sync(&old_dir, &self.path(from))?;
        sync(&new_dir, &self.path(to))
    }

    /// Moves `from` to `to`, in the place of what is there.
    pub fn replace(&self, from: &str, to: &str) -> Result<()> {
        let (old_dir, old) = self.parent(from)?;
        let (new_dir, new) = self.parent(to)?;
        rustix::fs::renameat(&old_dir, old, &new_dir, new).map_err(|e| failed(e, &self.path(to)))?;
        // Two names of one file stay both (rename(2)).
        if self.stat(from)?.is_some() {
            self.remove(from)?;
        }
        sync(&old_dir, &self.path(from))?;
        sync(&new_dir, &self.path(to))
    }

    /// Makes `rel` a symbolic link to `target`, not durably.
    pub fn symlink(&self, target: &Path, rel: &str) -> Result<()> {
        let (dir, name) = self.parent(rel)?;
        rustix::fs::symlinkat(target, &dir, name).map_err(|e| failed(e, &self.path(rel)))
    }

    /// Gives the file `rel` to `group`.
    pub fn give_to_group(&self, rel: &str, group: u32) -> Result<()> {
        let (dir, name) = self.parent(rel)?;
        let group = rustix::fs::Gid::from_raw(group);
        rustix::fs::chownat(&dir, name, None, Some(group), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| failed(e, &self.path(rel)))
    }

    /// Gives `rel` a second name `to` (hard link), replacing nothing; `false` when links are not possible there.
    pub fn link_into(&self, rel: &str, other: &RootDir, to: &str) -> Result<bool> {
        let (from_dir, from) = self.parent(rel)?;
        let (to_dir, to_name) = other.parent(to)?;
        match rustix::fs::linkat(&from_dir, from, &to_dir, to_name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::XDEV | Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK) => Ok(false),
            Err(e) => Err(failed(e, &other.path(to))),
        }
    }

    /// What `rel` is, without following a link; `None` when it is not there.
    pub fn stat(&self, rel: &str) -> Result<Option<Stat>> {
        let (dir, name) = match self.parent(rel) {
            Err(e) if e.code() == "path_missing" => return Ok(None),
            other => other?,
        };
        match rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(s) => Ok(Some(Stat {
                mode: s.st_mode & 0o7777,
                uid: s.st_uid,
                is_dir: FileType::from_raw_mode(s.st_mode).is_dir(),
                is_file: FileType::from_raw_mode(s.st_mode).is_file(),
                size: u64::try_from(s.st_size).unwrap_or(0),
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(failed(e, &self.path(rel))),
        }
    }

    /// When `rel` was made; `None` when it is not there or its file system does not keep that.
    pub fn born(&self, rel: &str) -> Result<Option<Time>> {
        let Some(file) = self.open_to_read(rel)? else { return Ok(None) };
        let born = file.metadata().map_err(|e| io_error(&e, &self.path(rel)))?.created().ok();
        let since = born.and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        Ok(since.map(|since| Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))))
    }

    /// Writes what is in `rel` to `to`, compressed (gzip, RFC 1952), with the permission bits of `rel`; `to` is there
    /// whole or not at all. Nothing happens when there is no `rel`.
    pub fn compress(&self, rel: &str, to: &str) -> Result<()> {
        let (Some(mut from), Some(stat)) = (self.open_to_read(rel)?, self.stat(rel)?) else { return Ok(()) };
        self.prepare(to, b"", stat.mode, false)?;
        let (dir, name) = self.parent(to)?;
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd =
            rustix::fs::openat(&dir, temporary(name), flags, Mode::empty()).map_err(|e| failed(e, &self.path(to)))?;
        let mut packer = flate2::write::GzEncoder::new(File::from(fd), flate2::Compression::default());
        let packed = std::io::copy(&mut from, &mut packer).and_then(|_| packer.finish()?.sync_all());
        packed.map_err(|e| io_error(&e, &self.path(to)))?;
        self.put(to)?;
        self.sync_folder(to)
    }

    /// The ordinary file `rel`, open to read; `None` when it is not there.
    pub(super) fn open_to_read(&self, rel: &str) -> Result<Option<File>> {
        match self.open_at(rel, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()) {
            Ok(fd) => {
                let kind = rustix::fs::fstat(&fd).map_err(|e| failed(e, &self.path(rel)))?.st_mode;
                let is_file = FileType::from_raw_mode(kind).is_file();
                if is_file { Ok(Some(File::from(fd))) } else { Err(irregular(&self.path(rel))) }
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(e) => Err(failed(e, &self.path(rel))),
        }
    }

    /// Names in the folder `rel`, sorted, without temporary files of ours; empty when the folder is not there.
    pub fn list(&self, rel: &str) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.list_inodes(rel)?.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// As [`RootDir::list`], in no order, with the inode numbers: two links of one file system with the same number are
    /// the same file.
    pub fn list_inodes(&self, rel: &str) -> Result<Vec<(String, u64)>> {
        let fd = match self.open_at(rel, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(vec![]),
            Err(e) => return Err(failed(e, &self.path(rel))),
        };
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&fd).map_err(|e| failed(e, &self.path(rel)))? {
            let entry = entry.map_err(|e| failed(e, &self.path(rel)))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let temporary = name.starts_with('.') && name.ends_with(".new");
            if !temporary && !matches!(name.as_str(), "." | "..") {
                names.push((name, entry.ino()));
            }
        }
        Ok(names)
    }
}

/// What is packed in `file` (gzip, RFC 1952).
pub(super) fn unpacked(file: File) -> impl Read {
    flate2::read::GzDecoder::new(file)
}

/// Name under which the new content of `name` is prepared.
fn temporary(name: &str) -> String {
    format!(".{name}.new")
}

fn remove_beneath(dir: &OwnedFd, name: &str) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Ok(inner) => {
            for entry in rustix::fs::Dir::read_from(&inner)? {
                let entry = entry?;
                let child = entry.file_name().to_string_lossy().into_owned();
                if !matches!(child.as_str(), "." | "..") {
                    remove_beneath(&inner, &child)?;
                }
            }
            rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR)
        }
        Err(Errno::NOENT) => Ok(()),
        Err(Errno::NOTDIR | Errno::LOOP) => rustix::fs::unlinkat(dir, name, AtFlags::empty()),
        Err(e) => Err(e),
    }
}

fn sync(fd: &impl AsFd, path: &Path) -> Result<()> {
    rustix::fs::fsync(fd).map_err(|e| failed(e, path))
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The account this process runs as.
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Makes sure that the folder `path` is there with this owner, group and mode. The folder above it must be its owner's
/// alone to change.
pub fn folder(path: &Path, uid: u32, gid: u32, mode: u32) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| io_error(&e, path))?;
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| failed(e, path))?;
    let (uid, gid) = (rustix::process::Uid::from_raw(uid), rustix::process::Gid::from_raw(gid));
    rustix::fs::fchown(&fd, Some(uid), Some(gid)).map_err(|e| failed(e, path))?;
    rustix::fs::fchmod(&fd, Mode::from_raw_mode(mode)).map_err(|e| failed(e, path))
}

/// User, group and permission bits of `path`; `None` when it is not there.
pub fn owner(path: &Path) -> Result<Option<(u32, u32, u32)>> {
    match std::fs::symlink_metadata(path) {
        Ok(m) => Ok(Some((m.uid(), m.gid(), m.mode() & 0o7777))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_error(&e, path)),
    }
}

/// Reads a file of the panel's own that may lie anywhere (its configuration); `None` when it is not there.
pub fn read_own(path: &Path, max: usize) -> Result<Option<String>> {
    let text = |bytes| {
        String::from_utf8(bytes).map_err(|e| io_error(&std::io::Error::new(std::io::ErrorKind::InvalidData, e), path))
    };
    read_own_bytes(path, max)?.map(text).transpose()
}

/// As [`read_own`], whatever the bytes are.
pub(super) fn read_own_bytes(path: &Path, max: usize) -> Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io_error(&e, path)),
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(|e| io_error(&e, path))?;
    if bytes.len() > max {
        return Err(Error::new(Kind::TooLarge, "file_too_large").with("path", path.display()).with("max", max));
    }
    Ok(Some(bytes))
}

fn io_error(e: &std::io::Error, path: &Path) -> Error {
    match e.raw_os_error() {
        Some(code) => failed(Errno::from_raw_os_error(code), path),
        None => Error::new(Kind::External, "file_failed").with("path", path.display()).with("reason", e),
    }
}

/// The error for a link, device, pipe or socket in the place of a file.
pub(super) fn irregular(path: &Path) -> Error {
    Error::new(Kind::External, "file_irregular").with("path", path.display())
}

fn failed(e: Errno, path: &Path) -> Error {
    let (kind, code) = match e {
        Errno::NOSPC | Errno::DQUOT => (Kind::Unavailable, "disk_full"),
        Errno::ROFS => (Kind::Unavailable, "disk_read_only"),
        Errno::ACCESS | Errno::PERM => (Kind::External, "file_denied"),
        Errno::NOENT => (Kind::External, "path_missing"),
        Errno::LOOP | Errno::XDEV => (Kind::External, "path_escapes"),
        Errno::EXIST => (Kind::Conflict, "path_exists"),
        _ => (Kind::External, "file_failed"),
    };
    Error::new(kind, code).with("path", path.display()).with("reason", e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> (tempfile::TempDir, RootDir) {
        let dir = tempfile::tempdir().unwrap();
        let root = RootDir::open_or_make(&dir.path().join("root")).unwrap();
        (dir, root)
    }

    #[test]
    fn writes_replace_whole_files_and_keep_the_mode() {
        let (_keep, root) = root();
        root.make_dirs("a/b", 0o755).unwrap();
        root.write("a/b/f", b"one", 0o640).unwrap();
        root.write("a/b/f", b"two", 0o600).unwrap();
        assert_eq!(root.read("a/b/f", 10).unwrap().unwrap(), b"two");
        assert_eq!(root.stat("a/b/f").unwrap().unwrap().mode, 0o600);
        assert_eq!(root.list("a/b").unwrap(), ["f"]);
        assert_eq!(root.read("a/b/f", 2).unwrap_err().code(), "file_too_large");
    }

    #[test]
    fn no_path_leaves_the_root() {
        let (keep, root) = root();
        std::fs::write(keep.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(keep.path(), root.path("link")).unwrap();
        std::os::unix::fs::symlink(keep.path().join("secret"), root.path("file")).unwrap();
        for rel in ["../secret", "link/secret", "file", "/etc/passwd"] {
            assert!(root.read(rel, 100).is_err(), "{rel} was read");
            assert!(root.walk(rel, OFlags::RDONLY, Mode::empty()).is_err(), "{rel} was walked to");
        }
        assert!(root.write("link/new", b"x", 0o600).is_err());
        root.write("file", b"mine", 0o600).unwrap();
        assert_eq!(
            std::fs::read_to_string(keep.path().join("secret")).unwrap(),
            "x",
            "the link was replaced, not followed"
        );
    }

    #[test]
    fn trees_are_removed_without_following_links() {
        let (keep, root) = root();
        std::fs::write(keep.path().join("outside"), "x").unwrap();
        root.make_dirs("t/u", 0o755).unwrap();
        std::os::unix::fs::symlink(keep.path(), root.path("t/u/link")).unwrap();
        root.remove_tree("t").unwrap();
        assert!(root.stat("t").unwrap().is_none());
        assert!(keep.path().join("outside").exists());
        root.remove_tree("t").unwrap();
    }

    #[test]
    fn renames_replace_nothing() {
        let (_keep, root) = root();
        root.write("a", b"a", 0o600).unwrap();
        root.write("b", b"b", 0o600).unwrap();
        assert_eq!(root.rename("a", "b").unwrap_err().code(), "path_exists");
        root.rename("a", "c").unwrap();
        assert_eq!(root.list("").unwrap(), ["b", "c"]);
    }
}
