//! Before-images: what an effect is about to replace is on disk, synced, before the effect happens. Undoing a plan reads
//! them newest first. Every record and every undo is idempotent, so a crash at any point is repaired by running it again.

use super::files::RootDir;
use crate::base::limits::JOURNAL_BYTES_MAX;
use crate::base::{Error, Result};
use serde::{Deserialize, Serialize};

/// One effect, as it must be undone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub(super) enum Record {
    /// A file of the nginx tree was put in place, replaced or deleted.
    NginxFile {
        /// Path below the nginx folder.
        rel: String,
        /// What was there, and its permission bits; `None` when nothing was.
        before: Option<(String, u32)>,
    },
    /// A site's folder was made. It is moved to the trash on undo.
    SiteMade {
        /// Folder below the web root.
        folder: String,
        /// Where it goes on undo.
        trash: String,
    },
    /// A site's folder was moved into the trash.
    SiteTrashed {
        /// Folder below the web root.
        folder: String,
        /// Where it went.
        trash: String,
    },
}

/// The journal of all open plans: one folder a plan, one file a group of effects.
pub(super) struct Journal {
    root: RootDir,
}

impl Journal {
    pub(super) fn open(root: RootDir) -> Self {
        Self { root }
    }

    /// Keeps `records` under `plan`, durably. Call before the effects.
    pub(super) fn keep(&self, plan: &str, records: &[Record]) -> Result<()> {
        self.root.make_dirs(plan, 0o700)?;
        let n = self.root.list(plan)?.len();
        let text = serde_json::to_vec(records).map_err(Error::fault)?;
        self.root.write(&format!("{plan}/{n:06}"), &text, 0o600)?;
        self.root.sync_folder(plan)
    }

    /// The records of `plan`, newest first.
    pub(super) fn records(&self, plan: &str) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for name in self.root.list(plan)? {
            let bytes = self.root.read(&format!("{plan}/{name}"), JOURNAL_BYTES_MAX)?.unwrap_or_default();
            let kept: Vec<Record> =
                serde_json::from_slice(&bytes).map_err(|e| Error::fault(format!("journal {plan}/{name}: {e}")))?;
            records.extend(kept);
        }
        records.reverse();
        Ok(records)
    }

    /// Ids of the plans with records.
    pub(super) fn plans(&self) -> Result<Vec<String>> {
        self.root.list("")
    }

    /// Drops the records of `plan`. Whether a plan is dropped or undone depends on the store alone, so an interrupted
    /// drop is simply dropped again.
    pub(super) fn forget(&self, plan: &str) -> Result<()> {
        self.root.remove_tree(plan)
    }
}
