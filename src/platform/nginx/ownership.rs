//! Whose `nginx.conf` it is: decided once, kept beside our files, and changed only by a plan that is carried out.

use super::super::files::{self, RootDir};
use super::{MANAGED, NginxChange, NginxFile, is_ours};
use crate::base::limits::MANAGED_FILE_BYTES_MAX;
use crate::base::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Whose nginx it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ownership {
    /// The panel writes `nginx.conf`.
    #[default]
    Owned,
    /// The panel adds files beside those of others.
    Shared,
}

/// Where the decision is kept. nginx does not read it.
pub(in super::super) const RECORD: &str = "manara/ownership";

/// Where the former `nginx.conf` waits.
pub(in super::super) const ADOPTED: &str = "manara/adopted/nginx.conf";

impl Ownership {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Ownership::Owned => "owned",
            Ownership::Shared => "shared",
        }
    }

    /// What a change makes of the decision, if anything.
    pub(in super::super) fn after(change: &NginxChange) -> Option<Ownership> {
        match (&change.file, &change.content) {
            (NginxFile::Main, Some(_)) => Some(Ownership::Owned),
            (NginxFile::Entry, Some(_)) => Some(Ownership::Shared),
            _ => None,
        }
    }

    /// The text of the record.
    pub(in super::super) fn record(self) -> String {
        format!("{}\n", self.name())
    }

    /// Reads the text of the record.
    fn parse(text: &str) -> Option<Ownership> {
        [Ownership::Owned, Ownership::Shared].into_iter().find(|o| o.name() == text.trim())
    }
}

/// The decision that was made.
pub(in super::super) fn kept(live: &RootDir) -> Result<Option<Ownership>> {
    let text = live.read(RECORD, 64)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    text.map(|text| {
        Ownership::parse(&text).ok_or_else(|| Error::fault(format!("{}: {text}", live.path(RECORD).display())))
    })
    .transpose()
}

/// The decision as whoever may read it sees it.
pub(in super::super) fn seen(nginx: &Path) -> Option<Ownership> {
    files::read_own(&nginx.join(RECORD), 64).ok().flatten().and_then(|text| Ownership::parse(&text))
}

/// Whether one was adopted, as whoever may read it sees it.
pub(in super::super) fn has_adopted(nginx: &Path) -> bool {
    nginx.join(ADOPTED).symlink_metadata().is_ok()
}

/// The `nginx.conf` that was adopted, where one was.
pub(in super::super) fn adopted(live: &RootDir) -> Result<Option<String>> {
    let bytes = live.read(ADOPTED, MANAGED_FILE_BYTES_MAX)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Whether `nginx.conf` is there and somebody else's: then it is moved away before ours takes its place.
pub(in super::super) fn is_to_adopt(live: &RootDir) -> Result<bool> {
    let main = NginxFile::Main.rel();
    if live.stat(&main)?.is_none() || live.stat(ADOPTED)?.is_some() {
        return Ok(false);
    }
    Ok(!main_is_ours(live)?)
}

/// Whether `nginx.conf` is one of ours.
pub(in super::super) fn main_is_ours(live: &RootDir) -> Result<bool> {
    match live.read(&NginxFile::Main.rel(), MANAGED_FILE_BYTES_MAX) {
        Ok(bytes) => Ok(bytes.is_some_and(|bytes| is_ours(&String::from_utf8_lossy(&bytes)))),
        // A symbolic link: we write files.
        Err(e) if e.code() == "path_escapes" => Ok(false),
        Err(e) => Err(e),
    }
}

/// Gives somebody's `nginx.conf` its second name in our folder; ours then takes the first one.
pub(in super::super) fn adopt(live: &RootDir) -> Result<()> {
    live.make_dirs(&format!("{MANAGED}/adopted"), 0o755)?;
    let main = NginxFile::Main.rel();
    if !live.link_into(&main, live, ADOPTED)? {
        live.rename(&main, ADOPTED)?;
    }
    live.sync_folder(ADOPTED)
}

/// Takes an adoption back; nothing where it did not begin, or where another one of others has come since.
pub(in super::super) fn undo_adopt(live: &RootDir) -> Result<()> {
    let main = NginxFile::Main.rel();
    live.discard(&main)?;
    let gives_way = || -> Result<bool> {
        if live.stat(&main)?.is_none() || main_is_ours(live)? {
            return Ok(true);
        }
        // While it is moved it has both names.
        Ok(live.read(&main, MANAGED_FILE_BYTES_MAX)? == live.read(ADOPTED, MANAGED_FILE_BYTES_MAX)?)
    };
    if live.stat(ADOPTED)?.is_some() && gives_way()? {
        live.replace(ADOPTED, &main)?;
    }
    leave_folder(live)
}

/// Takes the folder of what was adopted away, where nothing is in it.
fn leave_folder(live: &RootDir) -> Result<()> {
    let folder = format!("{MANAGED}/adopted");
    if live.list(&folder)?.is_empty() { live.remove_tree(&folder) } else { Ok(()) }
}

/// Gives somebody's `nginx.conf` its first name again, in place of ours.
pub(in super::super) fn release(live: &RootDir) -> Result<()> {
    live.replace(ADOPTED, &NginxFile::Main.rel())?;
    leave_folder(live)
}

/// Takes back that somebody's `nginx.conf` came back; nothing where it did not. Ours has to be written again.
pub(in super::super) fn undo_release(live: &RootDir) -> Result<()> {
    if live.stat(ADOPTED)?.is_some() {
        return Ok(());
    }
    live.make_dirs(&format!("{MANAGED}/adopted"), 0o755)?;
    live.rename(&NginxFile::Main.rel(), ADOPTED)
}
