//! The last lines that this process logged, where nothing else keeps them: in the development profile, and in containers
//! without a journal. A process has one logger, and so one of these.

use crate::base::names::LogCursor;
use crate::base::{Error, Kind, Result};
use crate::platform::logs::{LogEntry, LogPage, LogQuery, LogStart};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

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

#[derive(Clone)]
struct Inner {
    /// As they were written: a busy panel logs far more than anybody reads.
    lines: VecDeque<Arc<str>>,
    /// Number of the first of them.
    first: u64,
    bytes: usize,
}

impl Lines {
    const fn new() -> Self {
        let inner = Inner { lines: VecDeque::new(), first: 0, bytes: 0 };
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

    /// Adds a line, the JSON object that the panel logs.
    pub fn push(&self, line: &str) {
        let Ok(mut inner) = self.inner.lock() else { return };
        inner.bytes += weight(line);
        inner.lines.push_back(line.into());
        while inner.lines.len() > KEPT_MAX || inner.bytes > BYTES_MAX {
            let Some(oldest) = inner.lines.pop_front() else { break };
            inner.bytes -= weight(&oldest);
            inner.first += 1;
        }
    }

    /// Reads as from any other log. A place whose line has made room is the oldest one that is there.
    pub(super) fn read(&self, query: &LogQuery) -> Result<LogPage> {
        // Nobody who logs waits for the reader.
        let Inner { lines, first, .. } = self.inner.lock().map_err(Error::fault)?.clone();
        let gone = || Error::new(Kind::Stale, "log_place_gone");
        let end = first + lines.len() as u64;
        let index = |number: u64| usize::try_from(number.clamp(first, end) - first).unwrap_or(0);
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).max(1);
        let fitting = |line: &Arc<str>| LogEntry::of_own(line).filter(|entry| entry.fits(query));
        let stop = match &query.start {
            LogStart::After(place) => {
                let from = index(place.in_memory().ok_or_else(gone)?);
                let entries = lines.iter().skip(from).filter_map(fitting).collect();
                return Ok(LogPage { entries, newest: Some(LogCursor::memory(end)), ..LogPage::default() });
            }
            LogStart::Before(place) => index(place.in_memory().ok_or_else(gone)?),
            LogStart::Newest => lines.len(),
        };
        let backwards = lines.iter().enumerate().take(stop).rev();
        let found: Vec<_> = backwards.filter_map(|(at, line)| Some((at, fitting(line)?))).take(limit).collect();
        let last = found.last().filter(|(at, _)| found.len() == limit && *at > 0);
        Ok(LogPage {
            older: last.map(|(at, _)| LogCursor::memory(first + *at as u64)),
            newest: Some(LogCursor::memory(end)),
            entries: found.into_iter().map(|(_, entry)| entry).collect(),
            searched_to: None,
        })
    }
}

/// Bytes of memory that a line takes, about.
fn weight(line: &str) -> usize {
    64 + line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::logs::{Level, LogSource};

    fn line(level: &str, message: &str) -> String {
        serde_json::json!({ "level": level, "message": message }).to_string()
    }

    fn lines(count: usize) -> Lines {
        let lines = Lines::new();
        for n in 0..count {
            lines.push(&line(if n % 2 == 0 { "info" } else { "error" }, &format!("line {n}")));
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
        lines.push(&line("info", "new"));
        let news = lines.read(&query(LogStart::After(page.newest.unwrap()))).unwrap();
        assert_eq!(said(&news), ["new"]);
        assert!(lines.read(&query(LogStart::Before(LogCursor::file(1, 1)))).is_err());
    }

    #[test]
    fn long_lines_make_room_earlier() {
        let lines = Lines::new();
        for _ in 0..40 {
            lines.push(&line("info", &"x".repeat(64 * 1024)));
        }
        assert!(lines.inner.lock().unwrap().lines.len() < 20);
    }
}
