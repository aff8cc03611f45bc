//! A release from where releases are published: `URL/VERSION/` has the files of a version, and `URL/latest/` the signed
//! list of the newest one. So which version is the newest is as good as signed: the server can hold a newer one back, and
//! can make nothing up.

use super::disk;
use super::release::{self, PublicKey, Release};
use super::update::Updater;
use crate::base::{Error, Kind, Result};
use crate::platform::fetch::Fetcher;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The folder that names the newest version.
const NEWEST: &str = "latest";
/// Where files are kept until the update is over, below the root prefix.
const FOLDER: &str = "opt/manara/.download";
/// Largest tarball that is fetched: some ten times what one takes.
const TARBALL_BYTES_MAX: u64 = 128 * 1024 * 1024;
const LIST_WAIT: Duration = Duration::from_secs(60);
/// Enough for the tarball over 64 kbit/s.
const TARBALL_WAIT: Duration = Duration::from_secs(1800);

/// What is wanted of a server.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Address below which releases are published, without a slash at its end.
    pub url: &'a str,
    /// The version; the newest where none is named.
    pub version: Option<&'a str>,
    /// Whether it may be an older one than that in use.
    pub downgrade: bool,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The wanted version is in use already; no tarball was fetched.
    InUse(String),
    /// A release that may be gone to.
    Release(Release),
}

/// Fetches the release and proves where it comes from. `tell` hears what is fetched. The caller ends with [`forget`]. Errors: `release_url_missing`,
/// `release_version_bad`, `release_not_offered`, `update_downgrade`, those of fetching, and those of [`release::verify`].
pub fn fetch(updater: &Updater<'_>, wanted: Wanted<'_>, key: &PublicKey, tell: &dyn Fn(&str)) -> Result<Fetched> {
    if wanted.url.is_empty() {
        return Err(Error::new(Kind::BadInput, "release_url_missing"));
    }
    if let Some(version) = wanted.version.filter(|version| !release::is_version(version)) {
        return Err(Error::new(Kind::BadInput, "release_version_bad").with("version", version));
    }
    let (fetcher, folder) = (Fetcher::of(updater.root)?, folder(updater.root));
    forget(updater.root)?;
    disk::make_folder(&folder, 0o700)?;
    let lists = format!("{}/{}", wanted.url, wanted.version.unwrap_or(NEWEST));
    tell(&lists);
    for (name, bytes_max) in [(release::SUMS, release::SUMS_BYTES_MAX), (release::SIGNATURE, release::SIGNATURE_BYTES)]
    {
        fetcher.save(&format!("{lists}/{name}"), &folder.join(name), bytes_max as u64, LIST_WAIT)?;
    }
    let (name, version) = release::offered(&folder, key)?;
    if wanted.version.is_some_and(|asked| asked != version) {
        let e = Error::new(Kind::Forbidden, "release_not_offered").with("url", lists);
        return Err(e.with("version", wanted.version.unwrap_or_default()).with("found", version));
    }
    if !updater.goes_to(&version, wanted.downgrade)? {
        return Ok(Fetched::InUse(version));
    }
    let tarball = format!("{}/{version}/{name}", wanted.url);
    tell(&tarball);
    fetcher.save(&tarball, &folder.join(&name), TARBALL_BYTES_MAX, TARBALL_WAIT)?;
    release::verify(&folder.join(&name), key).map(Fetched::Release)
}

/// Copies the tarball `file` with list and signature to where downloads are kept, so that it is there for as long as an
/// update needs it; the copy. Error: `release_incomplete`.
pub fn keep(root: &Path, file: &Path) -> Result<PathBuf> {
    let (from, to) = (file.parent().unwrap_or(Path::new(".")), folder(root));
    if from == to {
        return Ok(file.to_owned());
    }
    forget(root)?;
    disk::make_folder(&to, 0o700)?;
    let name = Path::new(file.file_name().unwrap_or_default());
    for name in [name, Path::new(release::SUMS), Path::new(release::SIGNATURE)] {
        disk::copy(&from.join(name), &to.join(name))?;
    }
    Ok(to.join(name))
}

/// Deletes what was fetched or kept.
pub fn forget(root: &Path) -> Result<()> {
    disk::remove(&folder(root))
}

fn folder(root: &Path) -> PathBuf {
    root.join(FOLDER)
}
