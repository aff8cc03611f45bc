//! Taking nginx over from others, and giving it back: a plan each, for somebody to agree to.

use super::ensure::draft;
use crate::base::{Error, Kind, Result};
use crate::config::NginxOwnership;
use crate::engine::change::Change;
use crate::engine::core::unexpected;
use crate::engine::plan::Note;
use crate::engine::{Core, Draft};
use crate::platform::nginx::{Capabilities, NginxNeighbours, Ownership, Taken};
use crate::platform::{HostOp, HostReply, NginxFile, NginxStatus};
use serde_json::json;

/// What root wants, where something else is in force.
pub fn wanted(core: &Core, status: &NginxStatus) -> Option<Ownership> {
    let wanted = match core.config.nginx_ownership {
        NginxOwnership::Auto => return None,
        NginxOwnership::Owned => Ownership::Owned,
        NginxOwnership::Shared => Ownership::Shared,
    };
    status.ownership.filter(|in_force| *in_force != wanted).map(|_| wanted)
}

/// Makes `nginx.conf` the panel's. What others have is no longer read then; their `nginx.conf` is kept. Empty where it is
/// the panel's already. Error of its test: `nginx_not_ours`, where root's `nginx.ownership` does not say `owned`.
pub fn adopt(core: &Core) -> Result<Draft> {
    let status = core.nginx_status()?;
    if status.ownership == Some(Ownership::Owned) {
        return Ok(unchanged());
    }
    let mut draft = to(core, &status, Ownership::Owned, Taken::default())?;
    let in_nginx = |name: &str| core.layout.path(&format!("etc/nginx/{name}"));
    draft.notes.push(Note::new("nginx_conf_kept").with("path", in_nginx("manara/adopted")));
    let mut files = neighbours(core)?.files;
    files.retain(|file| *file != in_nginx("nginx.conf"));
    if !files.is_empty() {
        draft.notes.push(Note::new("nginx_others_unread").with("files", files.join(", ")));
    }
    Ok(draft)
}

/// Gives the adopted `nginx.conf` back and adds our files to it. Empty where nginx is shared already. Errors:
/// `nginx_nothing_adopted`, and `nginx_shared_unread` where what comes back would not read our files.
pub fn release(core: &Core) -> Result<Draft> {
    let status = core.nginx_status()?;
    if status.ownership == Some(Ownership::Shared) {
        return Ok(unchanged());
    }
    let found = neighbours(core)?;
    if found.adopted.is_none() {
        return Err(Error::new(Kind::Conflict, "nginx_nothing_adopted"));
    }
    if let Some(folder) = found.unread {
        return Err(Error::new(Kind::Conflict, "nginx_shared_unread").with("folder", folder));
    }
    let draft = to(core, &status, Ownership::Shared, found.taken)?;
    Ok(Draft { returns: found.adopted, ..draft })
}

/// The common files in the shape of `ownership`; what becomes of `nginx.conf` is shown first.
fn to(core: &Core, status: &NginxStatus, ownership: Ownership, taken: Taken) -> Result<Draft> {
    let mut draft = draft(core, status, Capabilities { ownership, taken, ..status.capabilities() })?;
    let is_main = |change: &Change| matches!(change, Change::Nginx(nginx) if nginx.file == NginxFile::Main);
    draft.changes.sort_by_key(|change| !is_main(change));
    let before = json!({ "ownership": status.ownership });
    Ok(Draft { before, after: json!({ "ownership": ownership }), ..draft })
}

fn unchanged() -> Draft {
    Draft { target: "nginx".into(), target_name: "nginx".into(), ..Draft::default() }
}

fn neighbours(core: &Core) -> Result<NginxNeighbours> {
    match core.host.ask(&HostOp::NginxNeighbours)? {
        HostReply::NginxNeighbours(found) => Ok(found),
        other => Err(unexpected(&other)),
    }
}
