//! Replaced by the panel's start.

use crate::base::{Error, Kind, Result};
use crate::config::Loaded;

/// Runs the panel.
pub fn run(_: Loaded, _: Option<String>) -> Result<()> {
    Err(Error::new(Kind::Unavailable, "panel_silent"))
}
