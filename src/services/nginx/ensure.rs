//! Bringing nginx up: base files as this release wants them, and a process that runs with what is on disk.

use super::base_files;
use crate::base::{Error, Kind, Result, ids};
use crate::engine::change::Change;
use crate::engine::{Actor, Core, Draft, Request, apply, gate};
use crate::platform::{HostOp, NginxChange, NginxFile};
use crate::store::managed_files;
use std::sync::Arc;
use std::time::Duration;

/// Time the base files may take to come into effect.
const LIMIT: Duration = Duration::from_secs(120);

/// Brings nginx's base files up to date and makes sure that it runs. Without nginx nothing happens: it can be installed
/// from the panel, and this is called again then.
pub fn ensure(core: &Arc<Core>) -> Result<()> {
    if core.nginx_status()?.version.is_none() {
        log::warn!(target: "manara::nginx", "nginx is not installed; sites can be created once it is");
        return Ok(());
    }
    core.host.ask(&HostOp::NginxPrepare)?;
    let draft = draft(core)?;
    if draft.changes.is_empty() {
        return if core.nginx_status()?.running { Ok(()) } else { gate::reload(core) };
    }
    let request = Request::console(ids::new_id("r")?, Default::default());
    let plan = apply::plan(core, "nginx.base", draft, &Actor::Console, false)?;
    let ticket = apply::start(core, plan, &Actor::Console, &request)?;
    let outcome = ticket.wait(LIMIT).ok_or_else(|| Error::new(Kind::External, "nginx_reload_failed"))?;
    outcome.map(drop)
}

/// The base files that differ from what was last applied, and those of the other shape where there are any.
fn draft(core: &Core) -> Result<Draft> {
    let status = core.nginx_status()?;
    let wanted = base_files(&core.layout, status.capabilities());
    let mut draft = Draft { target: "nginx".into(), target_name: "nginx".into(), ..Draft::default() };
    // Files that were made plain ones when the panel left are nobody's work.
    draft.discard_drift = status.frozen;
    let unwanted = NginxFile::BASE.into_iter().filter(|file| wanted.iter().all(|change| change.file != *file));
    let removed: Vec<_> = unwanted.map(|file| NginxChange { file, content: None }).collect();
    for change in wanted.into_iter().chain(removed) {
        let text = change.text()?;
        let applied = core.store.read(|tx| managed_files::get(tx, &change.file.rel()))?.map(|f| f.body);
        if text != applied || (status.frozen && text.is_some()) {
            draft.changes.push(Change::Nginx(change));
        }
    }
    Ok(draft)
}
