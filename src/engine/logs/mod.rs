//! Logs of the machine and of the panel itself: read in pages, and followed.

pub mod follow;
pub mod lines;

pub use follow::{Followers, follow};

use super::core::unexpected;
use super::{Core, logs::lines::LINES};
use crate::base::Result;
use crate::platform::logs::{LogPage, LogQuery, LogSource, LogStart};
use crate::platform::{HostOp, HostReply};

/// Reads entries. The panel's own log is where its lines go: in memory, or in the journal.
pub fn read(core: &Core, query: &LogQuery) -> Result<LogPage> {
    if query.source == LogSource::Panel && LINES.are_kept() {
        return LINES.read(query);
    }
    match core.host.ask(&HostOp::LogRead { query: query.clone() })? {
        HostReply::Log(page) => Ok(page),
        other => Err(unexpected(&other)),
    }
}

/// Reads everything that `query` finds, the newest first, until `take` has enough.
pub fn read_all(core: &Core, mut query: LogQuery, mut take: impl FnMut(LogPage) -> bool) -> Result<()> {
    loop {
        let page = read(core, &query)?;
        let older = page.older.clone();
        match (take(page), older) {
            (true, Some(older)) => query.start = LogStart::Before(older),
            _ => return Ok(()),
        }
    }
}
