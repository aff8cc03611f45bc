//! Gathers the entries that a query looks for, until there are enough of them or time has run out.

use super::{LogEntry, LogPage, LogQuery};
use crate::base::clock::Time;
use crate::base::limits::{LOG_ENTRIES_MAX, LOG_PAGE_BYTES_MAX};
use crate::base::names::LogCursor;
use std::time::{Duration, Instant};

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Go on.
    More,
    /// There are enough.
    Full,
    /// What comes now is too old.
    TooOld,
}

/// Entries on their way into a page, read backwards.
pub(super) struct Sieve<'q> {
    query: &'q LogQuery,
    entries: Vec<LogEntry>,
    limit: usize,
    bytes: usize,
    deadline: Instant,
    reached: Option<Time>,
}

impl<'q> Sieve<'q> {
    /// Gathers for `ms` milliseconds.
    pub(super) fn new(query: &'q LogQuery, ms: u64) -> Self {
        let limit = usize::try_from(query.limit.clamp(1, LOG_ENTRIES_MAX)).unwrap_or(1);
        let deadline = Instant::now() + Duration::from_millis(ms);
        Self { query, entries: vec![], limit, bytes: 0, deadline, reached: None }
    }

    /// The query.
    pub(super) fn query(&self) -> &'q LogQuery {
        self.query
    }

    /// How many entries there is room for.
    pub(super) fn room(&self) -> usize {
        self.limit - self.entries.len()
    }

    /// How many bytes may come until the page is full: the entry with which it is full still comes in.
    pub(super) fn room_bytes(&self) -> usize {
        LOG_PAGE_BYTES_MAX.saturating_sub(self.bytes)
    }

    /// Whether time has run out.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Everything down to `at` was looked at.
    pub(super) fn reach(&mut self, at: Time) {
        self.reached = Some(at);
    }

    /// Takes an entry, each older than the one before.
    pub(super) fn offer(&mut self, entry: LogEntry) -> Seen {
        if entry.at.is_some_and(|at| self.query.is_past(at)) {
            return Seen::TooOld;
        }
        self.reached = entry.at.or(self.reached);
        if entry.fits(self.query) {
            self.bytes += entry.weight();
            self.entries.push(entry);
        }
        if self.room() == 0 || self.bytes > LOG_PAGE_BYTES_MAX { Seen::Full } else { Seen::More }
    }

    /// The page, which goes on at `older`; `cut` when time ran out.
    pub(super) fn page(mut self, older: Option<LogCursor>, newest: Option<LogCursor>, cut: bool) -> LogPage {
        let searched_to = if cut { self.reached } else { None };
        self.entries.reverse();
        in_order(&mut self.entries);
        self.entries.reverse();
        LogPage { entries: self.entries, older, newest, searched_to }
    }
}

/// Puts entries, about oldest first, in the order of their times; one without a time stays behind the one before it.
pub(super) fn in_order(entries: &mut Vec<LogEntry>) {
    let mut last = Time::default();
    let mut timed: Vec<(Time, LogEntry)> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        last = entry.at.unwrap_or(last);
        timed.push((last, entry));
    }
    timed.sort_by_key(|(at, _)| *at);
    entries.extend(timed.into_iter().map(|(_, entry)| entry));
}
