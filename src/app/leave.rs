//! `nginx freeze|restore`: what the installer calls when the panel leaves a machine.

use super::open;
use crate::base::{Error, Kind, Result};
use crate::cli::Leave;
use crate::config::Config;
use crate::platform::{Faults, files};
use crate::store::StateLock;
use std::sync::Arc;

/// Has nginx go on as `how` says. Errors: `host_needs_root` on a real machine, `state_in_use` while the panel runs, and
/// those of nginx.
pub(super) fn nginx(config: &Config, how: Leave) -> Result<()> {
    if !config.is_development() && !files::is_root() {
        return Err(Error::new(Kind::Forbidden, "host_needs_root"));
    }
    // Held until the end: a panel that starts meanwhile would work on the same files.
    let _lock = StateLock::take_where_used(&config.data_dir)?;
    let host = open::local_host(config, Arc::new(Faults::from_environment()))?;
    match how {
        Leave::Freeze => host.freeze(),
        Leave::Restore => host.restore(),
    }
}
