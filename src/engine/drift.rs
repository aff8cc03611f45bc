//! What somebody changed behind the panel's back.

use super::core::{Core, unexpected};
use crate::base::{Result, diff};
use crate::platform::{Host, HostOp, HostReply, NginxFile};
use crate::store::Store;
use crate::store::managed_files::{self, ManagedFile};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// How a file differs from what was last applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriftKind {
    /// Its text was changed.
    Content,
    /// Its permission bits were changed.
    Mode,
    /// It belongs to another account.
    Owner,
    /// It is there and the panel did not write it.
    Added,
    /// It is gone.
    Deleted,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Drift {
    /// Path below nginx's folder.
    pub file: String,
    /// Id of the site it belongs to.
    pub site: Option<String>,
    /// How it differs.
    pub kind: DriftKind,
    /// From what was applied to what is there, as a unified diff.
    pub diff: String,
}

/// The sites whose files differed when somebody last looked.
#[derive(Debug, Default)]
pub struct Drifted(Mutex<HashSet<String>>);

impl Drifted {
    /// Whether the site with this id was among them.
    pub fn has(&self, site: &str) -> bool {
        self.0.lock().is_ok_and(|sites| sites.contains(site))
    }

    /// The site's file was written anew, or is gone with it.
    pub fn forget(&self, site: &str) {
        if let Ok(mut sites) = self.0.lock() {
            sites.remove(site);
        }
    }

    /// Remembers what was found; whether that is news.
    fn found(&self, now: HashSet<String>) -> bool {
        self.0.lock().is_ok_and(|mut sites| std::mem::replace(&mut *sites, now.clone()) != now)
    }
}

/// Every difference between the managed files and what was last applied, remembered for the lists of sites.
pub fn scan(core: &Core) -> Result<Vec<Drift>> {
    // A change under way has written files that the store does not know yet.
    let quiet = || core.jobs.count() == 0;
    let before = quiet();
    let found = compare(core.host.as_ref(), &core.store)?;
    if before && quiet() && core.drifted.found(found.iter().filter_map(|drift| drift.site.clone()).collect()) {
        core.store.note_change();
    }
    Ok(found)
}

/// Every difference between the managed files on `host` and what was last applied according to `store`.
pub fn compare(host: &dyn Host, store: &Store) -> Result<Vec<Drift>> {
    let (on_disk, owner) = match host.ask(&HostOp::NginxList)? {
        HostReply::NginxFiles { files, owner } => (files, owner),
        other => return Err(unexpected(&other)),
    };
    let mut applied: HashMap<String, ManagedFile> =
        store.read(managed_files::all)?.into_iter().map(|f| (f.path.clone(), f)).collect();
    let mut found = Vec::new();
    for file in on_disk {
        let known = applied.remove(&file.rel);
        let kind = match &known {
            None => DriftKind::Added,
            Some(a) if a.sha256 != file.sha256 => DriftKind::Content,
            Some(_) if file.mode != NginxFile::MODE => DriftKind::Mode,
            Some(_) if file.uid != owner => DriftKind::Owner,
            Some(_) => continue,
        };
        let site = known.as_ref().and_then(|k| k.site_id.clone());
        found.push(Drift { diff: difference(host, &file.rel, known.as_ref())?, file: file.rel, site, kind });
    }
    for gone in applied.into_values() {
        let diff = diff::unified(&gone.path, Some(&gone.body), None);
        found.push(Drift { diff, file: gone.path, site: gone.site_id, kind: DriftKind::Deleted });
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(found)
}

fn difference(host: &dyn Host, rel: &str, applied: Option<&ManagedFile>) -> Result<String> {
    let Some(file) = NginxFile::from_rel(rel) else { return Ok(String::new()) };
    let current = super::gate::read_file(host, &file)?;
    Ok(diff::unified(rel, applied.map(|a| a.body.as_str()), current.as_deref()))
}
