//! The head of the audit trail, noted where the panel cannot take it back.

use super::Core;
use crate::base::{Error, Result};
use crate::platform::HostOp;
use crate::store::audit;

/// Has the host write the head into the system's journal: whoever rewrites the panel's database cannot rewrite that. The
/// trail is compared with it by `audit.verify`.
pub fn note_head(core: &Core) -> Result<()> {
    let head = core.store.read(audit::head)?;
    let (position, hash) = (head.seq.unsigned_abs(), head.hash.parse().map_err(Error::fault)?);
    core.host.ask(&HostOp::AuditHead { position, hash }).map(drop)
}
