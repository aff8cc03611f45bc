//! Small HTTP requests of the panel itself, to its own nginx on loopback.

use crate::base::{Error, Kind, Result};
use std::time::Duration;

/// Longest body of an answer from this machine, in bytes, and the room for each direction of the connection.
const SHORT: usize = 4096;

/// Body of a GET of an address on this machine, at most 4 KiB, no proxy, no redirect; the status must be 200.
pub(crate) fn loopback_text(url: &str, limit: Duration) -> Result<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(limit))
        .max_redirects(0)
        .proxy(None)
        .input_buffer_size(SHORT)
        .output_buffer_size(SHORT)
        .build()
        .into();
    let failed = |e: ureq::Error| Error::new(Kind::External, "probe_failed").with("url", url).cause(e);
    let mut answer = agent.get(url).header("Connection", "close").call().map_err(failed)?;
    answer.body_mut().with_config().limit(SHORT as u64).read_to_string().map_err(failed)
}
