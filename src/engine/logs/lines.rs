//! The last lines that this process logged, where nothing else keeps them: in the development profile, and in containers
//! without a journal. A process has one logger, and so one of these.

use crate::base::names::LogCursor;
use crate::base::{Error, Kind, Result};
use crate::platform::logs::{LogEntry, LogPage, LogQuery, LogStart};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lines that are kept.
const KEPT_MAX: usize = 2000;
/// Bytes that they may take, about.
const BYTES_MAX: usize = 1024 * 1024;

/// The lines of this process.
pub static LINES: Lines = Lines::new();

/// Lines in memory, the oldest of which make room.
pub struct Lines {
    kept: AtomicBool,
    inner: Mutex<Inner>,
}

struct Inner {
    entries: VecDeque<LogEntry>,
    /// Number of the first of them.
    first: u64,
    bytes: usize,
}

impl Lines {
    const fn new() -> Self {
        let inner = Inner { entries: VecDeque::new(), first: 0, bytes: 0 };
        Self { kept: AtomicBool::new(false), inner: Mutex::new(inner) }
    }

    /// Begins to keep lines.
    pub fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    /// Whether lines are kept.
    pub fn are_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// Adds a line, when lines are kept.
    pub fn push(&self, entry: LogEntry) {
        let Ok(mut inner) = self.inner.lock() else { return };
        inner.bytes += entry.weight();
        inner.entries.push_back(entry);
        while inner.entries.len() > KEPT_MAX || inner.bytes > BYTES_MAX {
            let Some(oldest) = inner.entries.pop_front() else { break };
            inner.bytes -= oldest.weight();
            inner.first += 1;
        }
    }

    /// Reads as from any other log. A place whose line has made room is the oldest one that is there.
    pub(super) fn read(&self, query: &LogQuery) -> Result<LogPage> {
        let inner = self.inner.lock().map_err(Error::fault)?;
        let gone = || Error::new(Kind::Stale, "log_place_gone");
        let end = inner.first + inner.entries.len() as u64;
        let index = |number: u64| usize::try_from(number.clamp(inner.first, end) - inner.first).unwrap_or(0);
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).max(1);
        let stop = match &query.start {
            LogStart::After(place) => {
                let from = index(place.in_memory().ok_or_else(gone)?);
                let entries = inner.entries.iter().skip(from).filter(|entry| entry.fits(query)).cloned().collect();
                return Ok(LogPage { entries, newest: Some(LogCursor::memory(end)), ..LogPage::default() });
            }
            LogStart::Before(place) => index(place.in_memory().ok_or_else(gone)?),
            LogStart::Newest => inner.entries.len(),
        };
        let fitting = inner.entries.iter().enumerate().take(stop).rev().filter(|(_, entry)| entry.fits(query));
        let found: Vec<_> = fitting.take(limit).collect();
        let last = found.last().filter(|(at, _)| found.len() == limit && *at > 0);
        Ok(LogPage {
            older: last.map(|(at, _)| LogCursor::memory(inner.first + *at as u64)),
            newest: Some(LogCursor::memory(end)),
            entries: found.into_iter().map(|(_, entry)| entry.clone()).collect(),
            searched_to: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::logs::{Level, LogSource};

    fn lines(count: usize) -> Lines {
        let lines = Lines::new();
        for n in 0..count {
            let level = Some(if n % 2 == 0 { Level::Info } else { Level::Error });
            lines.push(LogEntry { at: None, level, message: format!("line {n}"), fields: Default::default() });
        }
        lines
    }

    fn query(start: LogStart) -> LogQuery {
        let (site, text, level, from, until) = (None, None, None, None, None);
        LogQuery { source: LogSource::Panel, start, site, text, level, from, until, limit: 2 }
    }

    fn said(page: &LogPage) -> Vec<&str> {
        page.entries.iter().map(|entry| entry.message.as_str()).collect()
    }

    #[test]
    fn the_newest_lines_are_kept_and_read_in_pages() {
        let lines = lines(KEPT_MAX + 3);
        let page = lines.read(&query(LogStart::Newest)).unwrap();
        assert_eq!(said(&page), ["line 2002", "line 2001"]);
        let errors = LogQuery { level: Some(Level::Error), ..query(LogStart::Before(page.older.unwrap())) };
        assert_eq!(said(&lines.read(&errors).unwrap()), ["line 1999", "line 1997"]);
        let oldest = lines.read(&query(LogStart::Before(LogCursor::memory(5)))).unwrap();
        assert_eq!((said(&oldest), &oldest.older), (vec!["line 4", "line 3"], &None));
        let entry = LogEntry { at: None, level: None, message: "new".into(), fields: Default::default() };
        lines.push(entry);
        let news = lines.read(&query(LogStart::After(page.newest.unwrap()))).unwrap();
        assert_eq!(said(&news), ["new"]);
        assert!(lines.read(&query(LogStart::Before(LogCursor::file(1, 1)))).is_err());
    }

    #[test]
    fn long_lines_make_room_earlier() {
        let lines = Lines::new();
        for _ in 0..40 {
            let message = "x".repeat(64 * 1024);
            lines.push(LogEntry { at: None, level: None, message, fields: Default::default() });
        }
        assert!(lines.inner.lock().unwrap().entries.len() < 20);
    }
}
