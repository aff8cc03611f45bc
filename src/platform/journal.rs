//! Before-images: what an effect is about to replace is on disk, synced, before the effect happens. Undoing a plan reads
//! them newest first. Every record and every undo is idempotent, so a crash at any point is repaired by running it again.

use super::files::RootDir;
use crate::base::limits::JOURNAL_BYTES_MAX;
use crate::base::{Error, Kind, Result};
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
    /// The `nginx.conf` of others was moved away for ours.
    NginxAdopted,
    /// The `nginx.conf` of others took its place again.
    NginxReleased {
        /// What was ours.
        before: String,
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

/// The journal of all open plans: one folder a plan, one file a group of effects, and a mark where one was set.
pub(super) struct Journal {
    root: RootDir,
}

/// Mark of a plan that is live; only the panel's database tells what becomes of it.
const HELD: &str = "held";
/// Mark of a plan that a starting host took back. It stays until the panel has heard of it, so that nothing more is done
/// for the plan.
const ENDED: &str = "ended";

/// How far a plan got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was done for it.
    Unknown,
    /// Effects were begun.
    Begun,
    /// It is live.
    Held,
    /// A starting host took it back.
    Ended,
}

impl Journal {
    pub(super) fn open(root: RootDir) -> Self {
        Self { root }
    }

    /// Keeps `records` under `plan`, durably. Call before the effects.
    pub(super) fn keep(&self, plan: &str, records: &[Record]) -> Result<()> {
        if self.stage(plan)? == Stage::Ended {
            return Err(ended(plan));
        }
        self.root.make_dirs(plan, 0o700)?;
        let n = self.root.list(plan)?.len();
        let text = serde_json::to_vec(records).map_err(Error::fault)?;
        self.root.write(&format!("{plan}/{n:06}"), &text, 0o600)?;
        self.root.sync_folder(plan)
    }

    /// The records of `plan`, newest first.
    pub(super) fn records(&self, plan: &str) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        if self.stage(plan)? == Stage::Ended {
            return Ok(records);
        }
        for name in self.root.list(plan)?.into_iter().filter(|name| name != HELD) {
            let bytes = self.root.read(&format!("{plan}/{name}"), JOURNAL_BYTES_MAX)?.unwrap_or_default();
            let kept: Vec<Record> =
                serde_json::from_slice(&bytes).map_err(|e| Error::fault(format!("journal {plan}/{name}: {e}")))?;
            records.extend(kept);
        }
        records.reverse();
        Ok(records)
    }

    /// How far `plan` got.
    pub(super) fn stage(&self, plan: &str) -> Result<Stage> {
        let names = self.root.list(plan)?;
        let marked = |mark: &str| names.iter().any(|name| name == mark);
        Ok(match () {
            () if names.is_empty() => Stage::Unknown,
            () if marked(ENDED) => Stage::Ended,
            () if marked(HELD) => Stage::Held,
            () => Stage::Begun,
        })
    }

    /// Marks `plan` as live, durably.
    pub(super) fn hold(&self, plan: &str) -> Result<()> {
        self.root.write(&format!("{plan}/{HELD}"), b"", 0o600)
    }

    /// Leaves nothing of `plan` but the mark that it was taken back. Called after it was: interrupted, it is taken back
    /// again.
    pub(super) fn end(&self, plan: &str) -> Result<()> {
        self.root.write(&format!("{plan}/{ENDED}"), b"", 0o600)?;
        self.drop_records(plan)
    }

    /// Ids of the plans with records.
    pub(super) fn plans(&self) -> Result<Vec<String>> {
        self.root.list("")
    }

    /// Drops the records of `plan`. Interrupted, it is dropped again: the mark that it is live goes last, since a starting
    /// host takes back whatever is left of a plan without it.
    pub(super) fn forget(&self, plan: &str) -> Result<()> {
        self.drop_records(plan)?;
        self.root.remove_tree(plan)
    }

    /// Leaves nothing of `plan` but its marks.
    fn drop_records(&self, plan: &str) -> Result<()> {
        let records = self.root.list(plan)?.into_iter().filter(|name| name != HELD && name != ENDED);
        records.into_iter().try_for_each(|name| self.root.remove(&format!("{plan}/{name}")))
    }
}

/// The error for going on with a plan that a starting host took back.
pub(super) fn ended(plan: &str) -> Error {
    Error::new(Kind::Conflict, "host_plan_ended").with("plan", plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_is_live_stays_so_while_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(RootDir::open_or_make(folder.path()).unwrap());
        for rel in ["a", "b"] {
            journal.keep("p1", &[Record::NginxFile { rel: rel.into(), before: None }]).unwrap();
        }
        journal.hold("p1").unwrap();
        journal.drop_records("p1").unwrap();
        assert_eq!((journal.stage("p1").unwrap(), journal.records("p1").unwrap().len()), (Stage::Held, 0));
        journal.forget("p1").unwrap();
        assert_eq!((journal.stage("p1").unwrap(), journal.plans().unwrap().len()), (Stage::Unknown, 0));
    }
}
