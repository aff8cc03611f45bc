//! What the installer made and what was there before it: removal takes away the first and leaves the second. Kept at
//! `/var/lib/manara-host/install.json`, written before each thing is made, so that nothing is forgotten by a crash.

use super::disk;
use crate::base::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where it is, below the root prefix.
const FILE: &str = "var/lib/manara-host/install.json";

/// What was made.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    /// Form of this file.
    #[serde(default)]
    version: u32,
    /// Users, groups and folders that were not there before, as `user:NAME`, `group:NAME` and `folder:/PATH`.
    made: BTreeSet<String>,
    /// Port of the panel that the installer was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip)]
    path: PathBuf,
}

impl Receipt {
    /// Reads it; an empty one where there is none.
    pub(super) fn read(root: &Path) -> Result<Receipt> {
        let path = root.join(FILE);
        let text = disk::read(&path)?;
        let receipt: Receipt =
            text.map_or(Ok(Receipt::default()), |t| serde_json::from_str(&t).map_err(Error::fault))?;
        Ok(Receipt { path, ..receipt })
    }

    /// Notes that `what` is about to be made.
    pub(super) fn note(&mut self, what: &str) -> Result<()> {
        if self.made.insert(what.to_owned()) { self.write() } else { Ok(()) }
    }

    /// Notes the port that was asked for.
    pub(super) fn note_port(&mut self, port: u16) -> Result<()> {
        if self.port.replace(port) == Some(port) { Ok(()) } else { self.write() }
    }

    /// The port that was asked for.
    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    fn write(&mut self) -> Result<()> {
        self.version = 1;
        disk::make_folder(self.path.parent().unwrap_or(Path::new("/")), 0o700)?;
        let text = serde_json::to_vec_pretty(self).map_err(Error::fault)?;
        disk::write(&self.path, &text, 0o600, (super::own_files::me().0, super::own_files::me().1))
    }

    /// Whether the installer made `what`.
    pub(super) fn has(&self, what: &str) -> bool {
        self.made.contains(what)
    }
}
