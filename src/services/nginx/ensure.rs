//! Bringing nginx up: base files as this release wants them, and a process that runs with what is on disk.

use super::base_files;
use crate::base::{Error, Kind, Result, ids};
use crate::engine::change::Change;
use crate::engine::{Actor, Core, Draft, Request, apply, drift, gate};
use crate::platform::nginx::Capabilities;
use crate::platform::{HostOp, NginxChange, NginxFile, NginxStatus};
use crate::store::managed_files;
use std::sync::Arc;
use std::time::Duration;

/// Time the base files may take to come into effect.
const LIMIT: Duration = Duration::from_secs(120);

/// Brings nginx's base files up to date and makes sure that it runs. Without nginx nothing happens: it can be installed
/// from the panel, and this is called again then.
pub fn ensure(core: &Arc<Core>) -> Result<()> {
    let request = Request::console(ids::new_id("r")?, Default::default());
    match start(core, &Actor::Console, &request) {
        Err(e) if e.code() == "nginx_missing" => {
            log::warn!(target: "manara::nginx", "nginx is not installed; sites can be created once it is");
            Ok(())
        }
        outcome => outcome,
    }
}

/// As [`ensure`], for `actor` who asks for it with `request`. Error: `nginx_missing`.
pub fn start(core: &Arc<Core>, actor: &Actor, request: &Request) -> Result<()> {
    if core.nginx_status()?.version.is_none() {
        return Err(Error::new(Kind::Unavailable, "nginx_missing"));
    }
    core.host.ask(&HostOp::NginxPrepare)?;
    let status = core.nginx_status()?;
    if let Some(wanted) = super::wanted(core, &status) {
        log::warn!(target: "manara::nginx", "nginx.ownership says {}, which no start brings about: see manara doctor", wanted.name());
    }
    let draft = draft(core, &status, status.capabilities())?;
    if draft.changes.is_empty() {
        return if status.running { Ok(()) } else { gate::reload(core) };
    }
    let plan = apply::plan(core, "nginx.base", draft, actor, false)?;
    let ticket = apply::start(core, plan, actor, request)?;
    let outcome = ticket.wait(LIMIT).ok_or_else(|| Error::new(Kind::External, "nginx_reload_failed"))?;
    outcome.map(drop)
}

/// The base files of the shape `can` that differ from what was last applied, and those of the other shape where there
/// are any.
pub(super) fn draft(core: &Core, status: &NginxStatus, can: Capabilities) -> Result<Draft> {
    let mut draft = Draft { target: "nginx".into(), target_name: "nginx".into(), ..Draft::default() };
    // Files that were made plain ones when the panel left are nobody's work.
    draft.discard_drift = status.frozen;
    for change in every_base_file(core, can) {
        let text = change.text()?;
        let applied = core.store.read(|tx| managed_files::get(tx, &change.file.rel()))?.map(|f| f.body);
        if text != applied || (status.frozen && text.is_some()) {
            draft.changes.push(Change::Nginx(change));
        }
    }
    Ok(draft)
}

/// The base files that somebody changed, as the panel would have them.
pub fn reapply(core: &Core) -> Result<Draft> {
    let drifted = drift::scan(core)?;
    let mut draft = Draft { target: "nginx".into(), target_name: "nginx".into(), ..Draft::default() };
    draft.discard_drift = true;
    let files = every_base_file(core, core.nginx_status()?.capabilities());
    let changed = files.into_iter().filter(|change| drifted.iter().any(|drift| drift.file == change.file.rel()));
    draft.changes = changed.map(Change::Nginx).collect();
    Ok(draft)
}

/// All base files: those of the shape `can`, and without content those of the other shape.
fn every_base_file(core: &Core, can: Capabilities) -> Vec<NginxChange> {
    let mut files = base_files(&core.layout, can);
    let unwanted = NginxFile::BASE.into_iter().filter(|file| files.iter().all(|change| change.file != *file));
    let removed: Vec<_> = unwanted.map(|file| NginxChange { file, content: None }).collect();
    files.extend(removed);
    files
}
