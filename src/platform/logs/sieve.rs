//! Gathers the entries that a query looks for, until there are enough of them or time has run out.

use super::{LogEntry, LogPage, LogQuery};
use crate::base::clock::Time;
use crate::base::limits::{LOG_ENTRIES_MAX, LOG_SEARCH_MS_MAX};
use crate::base::names::LogCursor;
use std::time::{Duration, Instant};

/// Lines of nginx's log are not quite in the order of their times, since its workers write theirs late. In seconds.
pub(super) const DISORDER_S: i64 = 5;

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
    deadline: Instant,
    reached: Option<Time>,
}

impl<'q> Sieve<'q> {
    pub(super) fn new(query: &'q LogQuery) -> Self {
        let limit = usize::try_from(query.limit.clamp(1, LOG_ENTRIES_MAX)).unwrap_or(1);
        let deadline = Instant::now() + Duration::from_millis(LOG_SEARCH_MS_MAX);
        Self { query, entries: vec![], limit, deadline, reached: None }
    }

    /// The query.
    pub(super) fn query(&self) -> &'q LogQuery {
        self.query
    }

    /// How many entries there is room for.
    pub(super) fn room(&self) -> usize {
        self.limit - self.entries.len()
    }

    /// Whether time has run out.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Takes an entry, each older than the one before.
    pub(super) fn offer(&mut self, entry: LogEntry) -> Seen {
        if let (Some(at), Some(from)) = (entry.at, self.query.from)
            && at.plus_s(DISORDER_S) < from
        {
            return Seen::TooOld;
        }
        self.reached = entry.at.or(self.reached);
        if entry.fits(self.query) {
            self.entries.push(entry);
        }
        if self.room() == 0 { Seen::Full } else { Seen::More }
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
